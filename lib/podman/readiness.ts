import { setTimeout as pause } from "node:timers/promises";
import type { Health, Need } from "../compose/plan.ts";
import { StromboliError } from "../errors.ts";
import { hasEnded, type Containers } from "./containers.ts";
import type { Podman } from "./podman.ts";
import type { ServiceSpec } from "./service-argv.ts";

type Deps = { podman: Podman; containers: Pick<Containers, "inspect"> };
/** `deadline`: as `performance.now()` tells it. */
type Time = { signal: AbortSignal; deadline: number };

const lookEveryMs = 500;

/** Sees whether services that were started are as others need them; throws `start_failed` once they cannot become so any more. */
export const createReadiness = ({ podman, containers }: Deps, { signal, deadline }: Time) => {
  const isLate = () => performance.now() > deadline;
  const next = (ms: number) => pause(Math.min(ms, lookEveryMs), undefined, { signal });

  /** Whether a service has ended well. */
  const hasEndedWell = async (service: ServiceSpec): Promise<boolean> => {
    const found = await containers.inspect(service.container);
    if (!found) throw await failed(podman, service, "is gone");
    if (!hasEnded(found) || (found.exitCode !== 0 && service.restarts)) return false;
    if (found.exitCode !== 0) throw await failed(podman, service, `ended with exit code ${found.exitCode}`);
    return true;
  };
  const untilEnded = async (service: ServiceSpec): Promise<void> => {
    while (!(await hasEndedWell(service))) {
      if (isLate()) throw await failed(podman, service, `did not end ${inTime}`);
      await next(lookEveryMs);
    }
  };
  const isHealthy = async ({ container }: ServiceSpec, { command, timeoutMs }: Health): Promise<boolean> => {
    const [kind, ...words] = command;
    const probe = kind === "CMD-SHELL" ? ["/bin/sh", "-c", words.join(" ")] : words;
    const longestMs = Math.max(1, Math.min(timeoutMs, deadline - performance.now()));
    const asked = podman.call(["exec", container, ...probe], { signal, timeoutMs: longestMs, deaf: true });
    const { exitCode } = await asked.catch((error: unknown) => {
      if (signal.aborted) throw error;
      return { exitCode: -1 }; // it took too long
    });
    return exitCode === 0;
  };
  /** As the compose specification has it: so many failures in a row after the start period, and it is unhealthy. */
  const untilHealthy = async (service: ServiceSpec, health: Health): Promise<void> => {
    const { intervalMs, retries, startPeriodMs } = health;
    const giveUpAt = performance.now() + startPeriodMs + retries * intervalMs;
    let failures = 0;
    while (!(await isHealthy(service, health)) && !(await hasEndedWell(service))) {
      if (isLate()) throw await failed(podman, service, `was not healthy ${inTime}`);
      failures += 1;
      if (failures >= retries && performance.now() > giveUpAt)
        throw await failed(podman, service, `is unhealthy: its healthcheck failed for ${retries} intervals`);
      await next(intervalMs);
    }
  };

  return {
    /** Until a service, which was started, is as another one or the agent needs it. */
    async until(service: ServiceSpec, need: Need["until"]): Promise<void> {
      const { health } = service;
      if (need === "completed") return untilEnded(service);
      if (need === "healthy" && health !== undefined && health !== "none") await untilHealthy(service, health);
    },
    hasEndedWell,
  };
};

const inTime = "within compose.health_timeout";

/** In words, with the last of what the service said. */
const failed = async (podman: Podman, { container, service }: ServiceSpec, how: string): Promise<StromboliError> => {
  const logs = await podman.call(["logs", "--tail=3", "--", container]).catch(() => undefined);
  const said = logs && `${logs.stdout}\n${logs.stderr}`.trim().slice(-longestWords);
  return new StromboliError("start_failed", `the service ${service} ${how}${said ? `; its last words: ${said}` : ""}`);
};

const longestWords = 1000;
