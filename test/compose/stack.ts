import { planStack, type ComposeContext, type ServicePlan, type StackPlan } from "../../lib/compose/plan.ts";
import type { Machine } from "../../lib/policy/plan.ts";
import { configOf } from "../harness.ts";
import { hostPath, rulesOf } from "../policy/facts.ts";

const machine: Machine = { rootless: true, uid: 1000, gid: 1000, selinux: false, stateLabel: "label" };

/** /data may be mounted; below it every path exists but those called missing, and what ends in .env is a file. */
export const rules = rulesOf({
  allowed: [{ path: "/data", readOnly: false }],
  resolve: (path) =>
    path.includes("missing") ? undefined : hostPath(path, { kind: path.endsWith(".env") ? "file" : "folder" }),
});

export const contextOf = (more: Partial<ComposeContext> = {}): ComposeContext => ({
  folder: "/data/app",
  service: undefined,
  variables: {},
  hostPorts: false,
  config: configOf(),
  rules,
  machine,
  readText: () => undefined,
  ...more,
});

export const planOf = (text: string, more: Partial<ComposeContext> = {}): StackPlan => planStack(text, contextOf(more));

/** A file with one service, whose keys are these lines. */
export const fileOf = (keys: string, top = ""): string =>
  `services:\n  db:\n    image: db\n${keys.replaceAll(/^(?=.)/gm, "    ")}\n${top}`;

/** The plan of a file's first service. */
export const serviceOf = (
  keys: string,
  { top = "", ...more }: Partial<ComposeContext> & { top?: string } = {},
): ServicePlan => {
  const [service] = planOf(fileOf(keys, top), more).services;
  if (!service) throw new Error("the plan has no service");
  return service;
};
