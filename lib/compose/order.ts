import { invalid, type Place } from "./invalid.ts";
import type { Stack } from "./mounts.ts";
import type { Need, ServicePlan } from "./plan.ts";
import type { ServiceKeys } from "./service-keys.ts";

/** What a service waits for. */
export const planNeeds = ({ depends_on: needs }: ServiceKeys, place: Place, { file, context }: Stack): Need[] =>
  Object.entries(needs ?? {}).flatMap(([service, { until, required }]) => {
    const where = [...place, "depends_on", service];
    if (service === place[1]) throw invalid(where, "a service cannot wait for itself");
    if (Object.hasOwn(file.services, service) && service !== context.service) return [{ service, until }];
    if (!required) return [];
    if (service !== context.service) throw invalid(where, `there is no service ${service}`);
    throw invalid(
      where,
      "it is the agent's service, which starts last; write required: false, so as not to wait for it",
    );
  });

/** Every service behind those that it needs, and else as they stand in the file. Throws where they wait in a circle. */
export const startOrder = (plans: readonly ServicePlan[]): ServicePlan[] => {
  const byName = new Map(plans.map((plan) => [plan.name, plan]));
  const order = new Set<ServicePlan>();
  const visit = (plan: ServicePlan, above: readonly string[]): void => {
    const way = [...above, plan.name];
    if (above.includes(plan.name))
      throw invalid(
        ["services", plan.name, "depends_on"],
        `services wait for each other: ${way.slice(way.indexOf(plan.name)).join(" → ")}`,
      );
    if (order.has(plan)) return;
    for (const { service } of plan.needs) {
      const needed = byName.get(service);
      if (needed) visit(needed, way);
    }
    order.add(plan);
  };
  for (const plan of plans) visit(plan, []);
  return [...order];
};
