import { createHmac } from "node:crypto";

/** What a receiver needs to know that a body is ours and not an old one sent again; nothing without a secret. */
export const signatureHeaders = (secret: string, body: Buffer, at: number): Record<string, string> => {
  if (secret === "") return {};
  const timestamp = String(Math.floor(at / 1000));
  const signature = createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex");
  return { "X-Stromboli-Timestamp": timestamp, "X-Stromboli-Signature": `sha256=${signature}` };
};
