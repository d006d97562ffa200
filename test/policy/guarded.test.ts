import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNever, whyNothingBelow } from "../../lib/policy/guarded.ts";
import { hostPath } from "./facts.ts";

const guarded = { homes: ["/home/ann", "/srv/homes/bob"], own: ["/var/state/stromboli", "/work/stromboli.yaml"] };
const why = (path: string, facts = {}) => whyNever(hostPath(path, facts), guarded);

const never = `
  / /etc /etc/ssl /proc/1 /sys /dev/shm /run/user/1000 /var/run/x /boot/efi /var
  /var/lib/containers/storage/secrets /var/lib /home /srv /srv/homes /home/ann /srv/homes/bob
  /home/ann/.ssh /home/zoe/.ssh/id /mnt/backup/.aws/x /x/.netrc /x/.claude/projects /x/.claude.json
  /home/ann/.config /home/ann/.config/gcloud /x/.config/stromboli/y /home/ann/.local/share/containers/a
  /home/ann/.local /srv/docker.sock /srv/podman.sock
  /var/state /var/state/stromboli /var/state/stromboli/sessions /work /work/stromboli.yaml`;
for (const path of never.trim().split(/\s+/)) {
  test(`${path} is never a volume`, () => assert.match(String(why(path)), /^(lies in|would show|is Stromboli's)/));
}

const possible = `
  /home/ann/src /home/ann/.config/nvim /home/ann/.cache /home/ann/.claude2 /etcetera /device /opt
  /var/www /work/src /var/state/other /home/ann/ssh /x/gcloud /x/.config /usr/share /srv/x`;
for (const path of possible.trim().split(/\s+/)) {
  test(`${path} may be a volume`, () => assert.equal(why(path), undefined));
}

test("a folder that looks like a home is one, though no account says so", () => {
  assert.equal(
    why("/data/zoe", { holds: [".gnupg"] }),
    "would show /data/zoe/.gnupg; mount a folder below it that does not",
  );
});

test("what is neither a folder nor a file is no volume", () => {
  assert.match(String(why("/data/x", { kind: "other" })), /neither/);
  assert.equal(why("/data/x", { kind: "file" }), undefined);
});

test("an entry of policy.volumes may lie above what is guarded, not in it", () => {
  const refused = ["/", "/home/ann", "/var", "/etc", "/home/ann/.ssh", "/var/state/stromboli/x"];
  assert.deepEqual(
    refused.filter((path) => whyNothingBelow(path, guarded) !== undefined),
    ["/etc", "/home/ann/.ssh", "/var/state/stromboli/x"],
  );
});
