import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createCli } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { imageFrom } from "./podman.ts";
import { bash, held } from "./requests.ts";
import { until } from "./wait.ts";

const word = "basalt-of-the-victim";
const stromboli = await startStromboli(
  { after },
  { config: { server: { host: "0.0.0.0" }, jobs: { max_running: 4 } } },
);
const { key, place, makeVolume } = stromboli;
const { port } = new URL(stromboli.url());
const made = await createCli(place).run(["token", "create", "--name", "caller", "--scope", "run"]);
const headers = { authorization: `Bearer ${made.stdout.trim()}` };
const run = async (request: object) => {
  const init = { method: "POST", headers, body: JSON.stringify(request) };
  const answer = await fetch(`http://127.0.0.1:${port}/run`, init);
  const { output = "", code } = (await answer.json()) as { output?: string; code?: string }; // a result or an error
  return { status: answer.status, output, code };
};

/** Another agent at work meanwhile, with a word in its session that is nobody else's. */
const victim = run(held("cat word-of-before", { claude: { session_id: "5f2c1d7a-7d0e-4f4e-9a52-0c8a6d1b2e3f" } }));
const victimsFolder = stromboli.workspace("5f2c1d7a-7d0e-4f4e-9a52-0c8a6d1b2e3f");
await until("the other agent to work", () => existsSync(join(victimsFolder, "begun")));
writeFileSync(join(victimsFolder, "word-of-before"), word);

const addresses = Object.values(networkInterfaces()).flatMap((all = []) =>
  all.filter(({ family }) => family === "IPv4").map(({ address }) => address),
);
const hosts = ["host.containers.internal", ...addresses].join(" ");
const attack = `
for shell in /usr/bin/rootshell; do echo "root by a setuid shell: $($shell -p -c 'id -u' 2>&1 | tail -1)"; done
echo "root by sudo or su: $(sudo -n id -u 2>/dev/null || su -c 'id -u' </dev/null 2>/dev/null || echo no)"
echo "the CLI by root of a nested namespace: $(unshare -Urm sh -c 'mount -o remount,rw,bind /opt/claude/claude; echo x >> /opt/claude/claude' 2>/dev/null && echo overwritten || echo whole)"
echo "kernel settings by root of a nested namespace: $(unshare -Urm sh -c 'mount -o remount,rw,bind /proc/sys; echo 1 > /proc/sys/kernel/sysrq' 2>/dev/null && echo yes || echo no)"
echo "mounts: $(mount -t tmpfs none /mnt 2>/dev/null && echo yes || echo no)"
echo "kernel settings: $( (echo 1 > /proc/sys/kernel/sysrq) 2>/dev/null && echo yes || echo no)"
echo "kernel memory: $(head -c 1 /proc/kcore 2>/dev/null | wc -c)"
echo "the CLI: $( (echo x >> /opt/claude/claude) 2>/dev/null && echo overwritten || echo whole)"
echo "sockets: $(find / -xdev -type s 2>/dev/null; ls /opt/stromboli)"
echo "brokers: $(curl -s -m 5 --unix-socket /opt/stromboli/api.sock -H 'x-api-key: sk-ant-guess' http://x/v1/messages -d '{}' -o /dev/null -w '%{http_code}')"
echo "the key: $(grep -rslF -- "$(printf %s "$KEY_HEAD")$KEY_TAIL" /home /workspace /tmp /run /opt/stromboli /etc /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | grep -v "/$$/" | wc -l)"
echo "the other's word: $(grep -rsl -- "basalt-of""-the-victim" / --include='word*' 2>/dev/null | wc -l)"
echo "processes of others: $(ls /proc | grep -c '^[0-9]*$' | awk '{ print ($1 < 40) ? "none" : $1 }')"
echo "disk of /tmp: $(dd if=/dev/zero of=/tmp/big bs=1M count=1024 2>&1 | grep -c 'No space'; rm -f /tmp/big)"
for host in ${hosts} 127.0.0.1; do
  curl -s -m 2 http://$host:${port}/run -d '{"prompt": "say: I got out", "demo": true}' -H 'Host: localhost'; echo
done`;

const harmless = {
  "root by sudo or su": "no",
  "the CLI by root of a nested namespace": "whole",
  "kernel settings by root of a nested namespace": "no",
  mounts: "no",
  "kernel settings": "no",
  "kernel memory": "0",
  "the CLI": "whole",
  sockets: "api.sock",
  brokers: "401",
  "the key": "0",
  "the other's word": "0",
  "processes of others": "none",
  "disk of /tmp": "1",
};

/** Made once: of each image that runs, rootless Podman makes a copy in which the files are the user's. */
const hostile = imageFrom({ after }, [], {
  USER: "root",
  RUN: "cp /bin/bash /usr/bin/rootshell && chmod 4755 /usr/bin/rootshell",
});

for (const network of ["full", "none"] as const) {
  test(`a hostile image with network ${network} gets out nowhere`, async () => {
    const image = await hostile;
    const half = Math.floor(key.length / 2);
    const env = { KEY_HEAD: key.slice(0, half), KEY_TAIL: key.slice(half) };
    const { output, status } = await run(bash(attack, { podman: { image, network, env } }));
    assert.equal(status, 200);
    const fact = (name: string) => new RegExp(`^(?:result: )?${name}: (.*)$`, "m").exec(output)?.[1];
    assert.match(fact("root by a setuid shell") ?? "", /^[1-9]\d*$/);
    assert.deepEqual(Object.fromEntries(Object.keys(harmless).map((name) => [name, fact(name)])), harmless);
    assert.doesNotMatch(output, /I got out|"outcome"/);
    if (network === "none") assert.doesNotMatch(output, /unauthorized/); // nobody is even reached
  });
}

test("a link that an agent plants in a volume does not lead the next one out of it", async () => {
  const volume = makeVolume();
  const planted = await run(
    bash("ln -s /etc trap; ln -s ../.. up; echo planted", { podman: { volumes: [`${volume}:/workspace`] } }),
  );
  assert.match(planted.output, /planted/);
  for (const name of ["trap", "up"]) {
    const { status, code } = await run(bash("ls /x", { podman: { volumes: [`${volume}/${name}:/x`] } }));
    assert.deepEqual([name, status, code], [name, 403, "volume_not_allowed"]);
  }
  const inside = await run(
    bash("cat trap/hostname; ls up 2>&1 | head -3", { podman: { volumes: [`${volume}:/workspace`] } }),
  );
  assert.match(inside.output, /^result: (?!.*\bjobs\b)/);
  assert.equal(existsSync(join(place.state, "jobs")), true);
});

test("the other agent noticed nothing", async () => {
  writeFileSync(join(victimsFolder, "go"), "");
  const { status, output } = await victim;
  assert.deepEqual([status, output], [200, `result: ${word}`]);
});

test("a daemon that listens to the network says so while nobody has a token", () => {
  assert.match(stromboli.log(), /"level":"warn"[^\n]*stromboli token create/);
});
