import { z } from "zod";
import { endProcessesWith } from "./orphans.ts";
import type { Podman } from "./podman.ts";

const Event = z.object({
  Name: z.string(),
  Status: z.enum(["died", "remove"]),
  ContainerExitCode: z.int().default(0), // Podman 4 leaves a zero out
  Time: z.string().optional(),
});

export type ContainerEvent = { name: string; kind: "died" | "remove"; exitCode: number; at: number | undefined };

/** The ends and removals of containers with a label, as Podman tells them, for as long as it does. */
export async function* containerEvents(
  podman: Podman,
  label: string,
  signal: AbortSignal,
): AsyncGenerator<ContainerEvent> {
  for await (const line of podman.lines(argumentsFor(label), signal)) {
    const event = parse(line);
    if (event) yield { name: event.Name, kind: event.Status, exitCode: event.ContainerExitCode, at: timeOf(event) };
  }
}

/** Ends what a former daemon has left listening. Nobody else's daemon has our label. */
export const endListeners = (label: string): void => endProcessesWith(argumentsFor(label));

const argumentsFor = (label: string): string[] => [
  "events",
  `--filter=label=${label}`,
  "--filter=event=died",
  "--filter=event=remove",
  "--format=json",
];

const parse = (line: string): z.output<typeof Event> | undefined => {
  try {
    return Event.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // a warning, say
  }
};

const timeOf = ({ Time }: { Time?: string | undefined }): number | undefined => {
  const time = Date.parse(Time ?? "");
  return Number.isNaN(time) ? undefined : time;
};
