import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "./stack.ts";

/** A file of services that depend on those behind the colon. */
const fileOf = (...services: string[]): string =>
  `services:\n${services
    .map((service) => {
      const [name = "", needs = ""] = service.split(":");
      return `  ${name}: {image: x, depends_on: [${needs}]}`;
    })
    .join("\n")}`;

const orderOf = (services: readonly string[], agent?: string) =>
  planOf(fileOf(...services), { service: agent }).services.map(({ name }) => name);

test("services start as they stand in the file", () => {
  assert.deepEqual(orderOf(["c", "a", "b"]), ["c", "a", "b"]);
});

test("what a service needs starts before it", () => {
  assert.deepEqual(orderOf(["web:api,cache", "api:db", "db", "cache", "log"]), ["db", "api", "cache", "web", "log"]);
});

test("what two services need starts once", () => {
  assert.deepEqual(orderOf(["a:c", "b:c", "c"]), ["c", "a", "b"]);
});

const planOfPort = (port: string) =>
  planOf(`services: {a: {image: x, ports: ["80:1"]}, b: {image: x, ports: ["${port}"]}}`, { hostPorts: true });

test("no two services have the same port of the machine", () => {
  assert.throws(() => planOfPort("80:2"), {
    code: "compose_invalid",
    message: /^services\.b\.ports: .*80\/tcp is published by a/,
  });
  assert.equal(planOfPort("80:1/udp").services.length, 2);
});

test("the agent's service is not among them, and has its needs", () => {
  const plan = planOf(fileOf("db", "web:db"), { service: "web" });
  assert.deepEqual(
    plan.services.map(({ name }) => name),
    ["db"],
  );
  assert.deepEqual(plan.agent.needs, [{ service: "db", until: "started" }]);
});

for (const [services, circle] of [
  [["a:b", "b:a"], "a → b → a"],
  [["x:a", "a:b", "b:c", "c:a"], "a → b → c → a"],
] as const) {
  test(`services that wait for each other are refused: ${circle}`, () => {
    assert.throws(() => orderOf(services), { code: "compose_invalid", message: new RegExp(`each other: ${circle};`) });
  });
}

test("all three conditions are kept, and `restart` is heeded by nobody", () => {
  const text = `services:
  a:
    image: x
    depends_on:
      b: {condition: service_started, restart: true}
      c: {condition: service_healthy}
      d: {condition: service_completed_successfully, required: true}
  b: {image: x}
  c: {image: x}
  d: {image: x}`;
  assert.deepEqual(planOf(text).services.find(({ name }) => name === "a")?.needs, [
    { service: "b", until: "started" },
    { service: "c", until: "healthy" },
    { service: "d", until: "completed" },
  ]);
});

const optional = (name: string) => `{${name}: {condition: service_started, required: false}}`;

test("a service that is missing and need not be there is not waited for", () => {
  assert.deepEqual(planOf(`services: {a: {image: x, depends_on: ${optional("b")}}}`).services[0]?.needs, []);
});

test("nothing waits for the agent, which starts last", () => {
  assert.throws(() => orderOf(["proxy:web", "web"], "web"), {
    code: "compose_invalid",
    message: /^services\.proxy\.depends_on\.web: it is the agent's service, which starts last; write required: false/,
  });
  const text = `services: {proxy: {image: x, depends_on: ${optional("web")}}, web: {image: x}}`;
  assert.deepEqual(planOf(text, { service: "web" }).services[0]?.needs, []);
});

test("without a service of its own the agent waits for all of them", () => {
  const text = `services:
  migrate: {image: x}
  web: {image: x, depends_on: {migrate: {condition: service_completed_successfully}}}`;
  assert.deepEqual(planOf(text).agent.needs, [
    { service: "migrate", until: "completed" },
    { service: "web", until: "healthy" },
  ]);
});
