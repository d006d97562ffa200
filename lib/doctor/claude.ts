import { failure, ok, warning, type Verdict } from "./finding.ts";

type CliFacts = { glibc: string | undefined; musl: string | undefined; version: string };

/** The binaries that are mounted into containers. */
export const judgeCli = ({ glibc, musl, version }: CliFacts): Verdict =>
  glibc === undefined
    ? failure("the claude CLI is not installed", "type npm ci in Stromboli's folder, or set claude.binary")
    : ok(`${version} (${glibc})${musl === undefined ? "" : ", and for musl"}`);

export type CredentialFacts = {
  /** What was found; the value is not among it. */
  kind: "api_key" | "oauth" | "none" | "broken";
  where: "daemon" | "environment" | "file";
  file: string;
  /** Of the file, when there is one. */
  mode: number | undefined;
};

const kinds = { api_key: "an API key", oauth: "an OAuth token" } as const;
const places = { daemon: "the running daemon has it", environment: "in the environment", file: "stored" } as const;

/** Whether there is something to open the model API with, and nobody else can read it. */
export const judgeCredential = ({ kind, where, file, mode }: CredentialFacts): Verdict => {
  if (mode !== undefined && (mode & 0o077) !== 0)
    return {
      ...failure(`others can read ${file}`, `type: chmod 600 ${file}; a key that others have read is worth a new one`),
      fix: { kind: "mode", paths: [file], mode: 0o600 },
    };
  if (kind === "broken")
    return failure(`${file} holds no readable credential: only demo runs work`, "store one anew with: stromboli login");
  if (kind === "none")
    return failure(
      "there are none: only demo runs work",
      "type: stromboli login, or set ANTHROPIC_API_KEY for the daemon",
    );
  return ok(`${kinds[kind]}, ${places[where]}`);
};

/** How the model API answered a request that costs nothing; without a status there was no answer. */
export type Answer = { url: string; status?: number; error?: string };

export const judgeAnswer = ({ url, status, error }: Answer): Verdict => {
  if (status === undefined)
    return failure(`${url} does not answer: ${error}`, "check the network, HTTPS_PROXY and claude.api_url");
  if (status < 300) return ok(`${url} takes the credential`);
  if (status === 401 || status === 403)
    return failure(`${url} refuses the credential (${status})`, "store a good one with: stromboli login");
  if (status === 404)
    return warning(
      `${url} answers, but has no list of models: whether the credential is good is not known`,
      "run something: stromboli run hello",
    );
  return warning(`${url} answers with ${status}`, "try again later; see https://status.claude.com");
};
