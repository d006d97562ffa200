import { StromboliError } from "../errors.ts";
import { withoutUndefined } from "../given.ts";
import type { DryRun } from "../schema/dry-run.ts";
import { rehearse, type AdmissionDeps, type Asked, type Decided } from "./admit.ts";

/** What would become of a request; a refusal is an answer here as well. */
export const dryRun = async (
  deps: AdmissionDeps,
  asked: Asked,
  checkRoom: (owner: string) => void,
): Promise<DryRun> => {
  try {
    return { allowed: true, plan: viewOf(await rehearse(deps, asked, checkRoom)) };
  } catch (error) {
    if (!(error instanceof StromboliError)) throw error;
    const { code, message, status } = error;
    return { allowed: false, refusal: { code, error: message, status } };
  }
};

const viewOf = ({ plan, image }: Decided) => ({
  image,
  pull: image.id === "",
  user: plan.user,
  workdir: plan.workdir,
  read_only: plan.readOnly,
  network: plan.network,
  volumes: plan.volumes.map(({ source, target, readOnly, owner }) => ({
    source,
    target,
    read_only: readOnly,
    missing: owner === undefined,
  })),
  services: (plan.stack?.services ?? []).map(({ name, images, networks, limits }) => ({
    name,
    image: images.at(-1) ?? "",
    networks: networks.map((network) => network.name),
    memory_bytes: limits.memoryBytes,
  })),
  hooks: (plan.hooks?.lists ?? []).map(({ name, commands }) => ({ name, commands: [...commands] })),
  env: Object.keys(plan.env),
  secrets: [...plan.secrets],
  limits: {
    memory_bytes: plan.limits.memoryBytes,
    cpus: plan.limits.cpus,
    pids: plan.limits.pids,
    timeout_ms: plan.limits.timeoutMs,
    ...withoutUndefined({ cpu_shares: plan.limits.cpuShares }),
  },
});
