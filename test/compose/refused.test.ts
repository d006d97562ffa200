import assert from "node:assert/strict";
import { test } from "node:test";
import { serviceOf } from "./stack.ts";

/** Every key that the compose specification knows for services, but for those that are accepted. */
const refused = `annotations attach blkio_config build cap_add cgroup cgroup_parent configs container_name cpu_count
  cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpuset credential_spec develop
  device_cgroup_rules devices dns dns_opt dns_search domainname extends external_links extra_hosts gpus group_add ipc
  isolation label_file links logging mac_address mem_reservation mem_swappiness memswap_limit models network_mode
  oom_kill_disable oom_score_adj pid platform post_start pre_stop privileged profiles provider pull_policy runtime scale
  security_opt stdin_open storage_opt sysctls tty ulimits use_api_socket userns_mode uts volumes_from`.split(/\s+/);

for (const key of refused) {
  for (const value of ["", "true", "[a]"]) {
    test(`a service may not say ${key}: ${value}`, () => {
      assert.throws(() => serviceOf(`${key}: ${value}`), {
        code: "compose_invalid",
        message: new RegExp(`^services\\.db\\.${key}: is refused: .+`),
      });
    });
  }
}

test("who wants to build is told what to do instead", () => {
  assert.throws(() => serviceOf("build: ."), /services\.db\.build: .*podman build, and name it in image/);
});

test("all that is wrong is listed, each with its place", () => {
  assert.throws(
    () => serviceOf("privileged: true\npid: host\ncpus: many"),
    (error: { issues?: { path: string }[] }) => {
      assert.deepEqual(error.issues?.map(({ path }) => path).toSorted(), [
        "services.db.cpus",
        "services.db.pid",
        "services.db.privileged",
      ]);
      return true;
    },
  );
});
