import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { consumptionOf } from "../../lib/podman/cgroup.ts";
import { tempFolder, writeFiles } from "../harness.ts";

const name = `libpod-${"a".repeat(64)}`;
const none = { cpuMs: null, memoryBytes: null, memoryLimitBytes: null };

/** What process 7 uses where the kernel has these files. */
const consumed = (t: TestContext, files: Readonly<Record<string, string>>) => {
  const root = tempFolder(t);
  writeFiles(root, files);
  return consumptionOf(7, root);
};

const unified = `sys/fs/cgroup/user.slice/${name}.scope`;
const v2 = {
  "proc/7/cgroup": `0::/user.slice/${name}.scope/container\n`,
  [`${unified}/cpu.stat`]: "usage_usec 1234567\nuser_usec 1\n",
  [`${unified}/memory.current`]: "1000000\n",
  [`${unified}/memory.stat`]: "anon 5\ninactive_file 400000\nactive_file 3\n",
  [`${unified}/memory.max`]: "536870912\n",
};

test("cgroup v2 tells CPU time, memory without cached files, and the limit of the container's own group", (t) => {
  assert.deepEqual(consumed(t, v2), { cpuMs: 1234, memoryBytes: 600_000, memoryLimitBytes: 536_870_912 });
});

test("without a limit there is none", (t) => {
  assert.equal(consumed(t, { ...v2, [`${unified}/memory.max`]: "max\n" }).memoryLimitBytes, null);
});

const v1 = {
  "proc/7/cgroup": `4:memory:/libpod_parent/${name}\n2:cpu,cpuacct:/libpod_parent/${name}\n0::/\n`,
  [`sys/fs/cgroup/cpuacct/libpod_parent/${name}/cpuacct.usage`]: "5000000\n",
  [`sys/fs/cgroup/memory/libpod_parent/${name}/memory.usage_in_bytes`]: "2000\n",
  [`sys/fs/cgroup/memory/libpod_parent/${name}/memory.stat`]: "inactive_file 1\ntotal_inactive_file 500\n",
  [`sys/fs/cgroup/memory/libpod_parent/${name}/memory.limit_in_bytes`]: "4096\n",
};

test("cgroup v1 tells the same", (t) => {
  assert.deepEqual(consumed(t, v1), { cpuMs: 5, memoryBytes: 1500, memoryLimitBytes: 4096 });
});

test("the number by which cgroup v1 says unlimited is no limit", (t) => {
  const limit = `sys/fs/cgroup/memory/libpod_parent/${name}/memory.limit_in_bytes`;
  assert.equal(consumed(t, { ...v1, [limit]: "9223372036854771712\n" }).memoryLimitBytes, null);
});

test("where the kernel counts no memory there is nothing to tell of it", (t) => {
  const files = { "proc/7/cgroup": v2["proc/7/cgroup"], [`${unified}/cpu.stat`]: "usage_usec 1000\n" };
  assert.deepEqual(consumed(t, files), { ...none, cpuMs: 1 });
});

test("a process in no container's group has nothing to tell, whatever its own uses", (t) => {
  const session = "sys/fs/cgroup/user.slice/session.scope";
  const files = { "proc/7/cgroup": "0::/user.slice/session.scope\n", [`${session}/memory.current`]: "1000000\n" };
  assert.deepEqual(consumed(t, files), none);
});

test("a process that is gone has nothing to tell", (t) => {
  assert.deepEqual(consumed(t, {}), none);
});
