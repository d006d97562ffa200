import assert from "node:assert/strict";
import { test } from "node:test";
import { hostPath } from "../policy/facts.ts";
import { planOf } from "./stack.ts";

/** A web application with PostgreSQL and Redis, as one finds them. */
const file = `
version: "3.8"

x-app: &app
  image: registry.example.com/shop/app:\${TAG:-latest}
  env_file: .env
  environment: &app-environment
    DATABASE_URL: postgres://shop:\${DB_PASSWORD:?set it}@db:5432/shop
    REDIS_URL: redis://cache:6379/0
  networks: [back]

services:
  web:
    <<: *app
    command: gunicorn shop.wsgi --bind 0.0.0.0:8000 --workers 2
    volumes:
      - .:/srv/shop
    working_dir: /srv/shop
    networks: [front, back]
    depends_on:
      db:
        condition: service_healthy
      cache:
        condition: service_started
      migrate:
        condition: service_completed_successfully

  worker:
    <<: *app
    environment:
      <<: *app-environment
      QUEUES: mail,images
    command: ["celery", "worker"]
    restart: unless-stopped
    depends_on: [db, cache]

  migrate:
    <<: *app
    command: python manage.py migrate
    restart: "no"
    depends_on:
      db: {condition: service_healthy}

  db:
    image: postgres:16-alpine
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: \${DB_PASSWORD}
      PGDATA: /var/lib/postgresql/data/pgdata
    volumes:
      - db-data:/var/lib/postgresql/data
      - ./docker/init.env:/docker-entrypoint-initdb.d/init.sql:ro
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U $$POSTGRES_USER"]
      interval: 5s
      timeout: 3s
      retries: 10
      start_period: 10s
    shm_size: 128mb
    stop_signal: SIGINT
    stop_grace_period: 1m
    networks: {back: {aliases: [postgres]}}

  cache:
    image: docker.io/library/redis:7
    command: redis-server --save "" --appendonly no
    tmpfs: /data
    deploy: {resources: {limits: {memory: 64M, cpus: "0.25"}}}
    read_only: true
    cap_drop: [ALL]
    expose: ["6379"]
    labels: {com.example.role: cache}
    networks: [back]

networks:
  front:
  back: {internal: true}

volumes:
  db-data:
`;

const readText = () => "SECRET_KEY='a#b'\nDEBUG=1 # for development\n";
const plan = planOf(file, { service: "web", variables: { DB_PASSWORD: "pa$$word" }, readText });
const service = (name: string) => plan.services.find((one) => one.name === name);

test("the services of a web application start in their order, and the agent is its web", () => {
  assert.deepEqual(
    plan.services.map(({ name }) => name),
    ["db", "cache", "worker", "migrate"],
  );
  assert.deepEqual([plan.networks, plan.volumes, plan.agent.service], [["front", "back"], ["db-data"], "web"]);
});

test("the agent has what the web has", () => {
  const { volumes, ...agent } = plan.agent;
  assert.deepEqual(agent, {
    service: "web",
    images: ["registry.example.com/shop/app:latest"],
    environment: {
      SECRET_KEY: "a#b",
      DEBUG: "1",
      DATABASE_URL: "postgres://shop:pa$$word@db:5432/shop",
      REDIS_URL: "redis://cache:6379/0",
    },
    networks: [
      { name: "front", aliases: ["web"] },
      { name: "back", aliases: ["web"] },
    ],
    needs: [
      { service: "db", until: "healthy" },
      { service: "cache", until: "started" },
      { service: "migrate", until: "completed" },
    ],
    named: [],
    workdir: "/srv/shop",
  });
  assert.deepEqual(
    volumes.map(({ source, target }) => [source, target]),
    [["/data/app", "/srv/shop"]],
  );
});

test("its database is planned in full", () => {
  assert.deepEqual(service("db"), {
    name: "db",
    images: ["localhost/postgres:16-alpine", "docker.io/library/postgres:16-alpine"],
    command: undefined,
    entrypoint: undefined,
    environment: {
      POSTGRES_USER: "shop",
      POSTGRES_PASSWORD: "pa$$word",
      PGDATA: "/var/lib/postgresql/data/pgdata",
    },
    networks: [{ name: "back", aliases: ["db", "postgres"] }],
    needs: [],
    health: {
      command: ["CMD-SHELL", "pg_isready -U $POSTGRES_USER"],
      intervalMs: 5000,
      timeoutMs: 3000,
      retries: 10,
      startPeriodMs: 10_000,
    },
    volumes: [
      {
        source: "/data/app/docker/init.env",
        target: "/docker-entrypoint-initdb.d/init.sql",
        options: ["ro"],
        readOnly: true,
        owner: hostPath("/data/app/docker/init.env", { kind: "file" }),
      },
    ],
    named: [{ name: "db-data", target: "/var/lib/postgresql/data", readOnly: false }],
    tmpfs: [],
    workdir: undefined,
    user: undefined,
    hostname: undefined,
    stopSignal: "SIGINT",
    init: false,
    readOnly: false,
    restarts: false,
    capDrop: [],
    limits: { memoryBytes: 536_870_912, cpus: "1", pids: 512 },
    shmBytes: 134_217_728,
    ports: [],
    secrets: [],
  });
});

test("its other services have what they share and what is their own", () => {
  const { command, restarts, environment } = service("worker") ?? {};
  assert.deepEqual(
    [command, restarts, Object.keys(environment ?? {})],
    [["celery", "worker"], true, ["SECRET_KEY", "DEBUG", "DATABASE_URL", "REDIS_URL", "QUEUES"]],
  );
  assert.deepEqual(service("cache")?.command, ["redis-server", "--save", "", "--appendonly", "no"]);
});

test("without its password it is refused", () => {
  assert.throws(() => planOf(file, { service: "web", readText }), {
    code: "compose_invalid",
    message: /^services\.web\.environment\.DATABASE_URL: needs the variable DB_PASSWORD: set it;/,
  });
});
