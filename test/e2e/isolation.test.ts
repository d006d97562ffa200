import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { rootful } from "./podman.ts";
import { bash } from "./requests.ts";

const stromboli = await startStromboli({ after }, { config: { defaults: { network: "full" } } });
const { run } = stromboli;

const everything = `
echo "of the agent:"
grep -E "^(Cap|NoNewPrivs|Seccomp|Uid)" /proc/self/status
for kind in net pid ipc uts mnt cgroup; do echo "ns-$kind: $(readlink /proc/self/ns/$kind)"; done
for path in / /etc /usr/bin /opt /var/tmp /home /opt/stromboli /opt/claude; do touch $path/x 2>/dev/null && echo "writable: $path"; done
for path in /tmp /home/agent /workspace; do touch $path/x || echo "not writable: $path"; done
cp /bin/true ~/bin-true && ~/bin-true && echo "HOME: executable"
cat ~/.ssh/* /root/* /etc/shadow >/dev/null 2>&1 && echo "readable: private files"
echo "root: $(grep ' / ' /proc/mounts | cut -d' ' -f4 | cut -d, -f1)"
echo "tmp: $(df --output=size -B1 /tmp | tail -1)"
echo "devices: $(ls /dev | tr '\\n' ' ')"
echo "interfaces: $(ls /sys/class/net | tr '\\n' ' ')"
echo "init: $(tr '\\0' ' ' </proc/1/cmdline)"
`;
const { body } = await run(bash(everything));
const facts = body.output ?? "";
const fact = (name: string) => new RegExp(`^${name}:\\s*(.*?)\\s*$`, "m").exec(facts)?.[1] ?? "";

test("an agent has no capability of any kind", () => {
  const sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(fact);
  assert.deepEqual(
    sets,
    Array.from({ length: 5 }, () => "0000000000000000"),
  );
});

test("an agent can gain no privileges, and a seccomp filter watches it", () => {
  assert.deepEqual([fact("NoNewPrivs"), fact("Seccomp")], ["1", "2"]);
});

test("an agent is an unprivileged user: its own rootful, the daemon's rootless", () => {
  const uid = rootful ? 1000 : process.getuid?.();
  assert.equal(fact("Uid"), `${uid}\t${uid}\t${uid}\t${uid}`);
});

for (const kind of ["net", "pid", "ipc", "uts", "mnt"]) {
  test(`an agent has a ${kind} namespace of its own`, () => {
    assert.match(fact(`ns-${kind}`), new RegExp(`^${kind}:\\[\\d+\\]$`));
    assert.notEqual(fact(`ns-${kind}`), readlinkSync(`/proc/self/ns/${kind}`));
  });
}

test("the root file system is read-only", () => {
  assert.equal(fact("root"), "ro");
  assert.doesNotMatch(facts, /^writable:/m);
});

test("/tmp, HOME and the workdir are writable, and what is in HOME can be run", () => {
  assert.doesNotMatch(facts, /^not writable:/m);
  assert.equal(fact("HOME"), "executable");
});

test("/tmp takes 256 MB and no more", () => {
  assert.equal(Number(fact("tmp")), 256 * 1024 ** 2);
});

test("the agent sees no device of the host", () => {
  assert.doesNotMatch(fact("devices"), /kmsg|mem|sd[a-z]|vd[a-z]|nvme|fuse|kvm|tun/);
});

test("an init reaps what the agent leaves", () => {
  assert.match(fact("init"), /init/);
});

test("with network none there is no interface but loopback, and the model answers all the same", async () => {
  const look = "ls /sys/class/net; curl -sS -m 2 http://1.1.1.1; curl -sS -m 2 http://127.0.0.1:$PORT";
  const podman = { network: "none" as const, env: { PORT: new URL(stromboli.url()).port } };
  const { body: answer } = await run(bash(`(${look}) 2>&1 || true`, { podman }));
  assert.match(answer.output ?? "", /^result: lo\ncurl: \(7\)[^\n]*\ncurl: \(7\)[^\n]*$/);
});

test("with network full there is an interface, which is not the host's, and the daemon's port is out of reach", async () => {
  const podman = { network: "full" as const, env: { PORT: new URL(stromboli.url()).port } };
  const look =
    "ls /sys/class/net; for host in 127.0.0.1 host.containers.internal; do curl -sS -m 2 http://$host:$PORT/healthz; done";
  const { body: answer } = await run(bash(`(${look}) 2>&1 || true`, { podman }));
  assert.match(answer.output ?? "", /\b(eth|tap)0$/m);
  assert.doesNotMatch(answer.output ?? "", /"status":"ok"/);
});

test("read_only false makes the root file system writable", async () => {
  const { body: answer } = await run(
    bash("grep ' / ' /proc/mounts | cut -d' ' -f4 | cut -d, -f1", { podman: { read_only: false } }),
  );
  assert.equal(answer.output, "result: rw");
});
