import assert from "node:assert/strict";
import { test } from "node:test";
import { signatureHeaders } from "../../lib/webhooks/sign.ts";

test("without a secret there is no signature", () => {
  assert.deepEqual(signatureHeaders("", Buffer.from("{}"), 1_700_000_000_000), {});
});

test("a signature is the one that openssl makes of timestamp, dot and body", () => {
  const body = Buffer.from('{"output":"grüße 🦊\\n"}');
  assert.deepEqual(signatureHeaders("s3cret", body, 1_700_000_000_999), {
    "X-Stromboli-Timestamp": "1700000000",
    "X-Stromboli-Signature": "sha256=8fb44706c8819e28cfac6d6674cc5a3d8127ed3f36df43d5cbbe2a42e4b8750f",
  });
});
