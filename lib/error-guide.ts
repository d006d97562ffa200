import { type ErrorCode, errorCodes, rowOf } from "./errors.ts";

/** What each code says has happened, for docs/troubleshooting.md. */
const meanings: Readonly<Record<ErrorCode, string>> = {
  invalid_request: "The request or the command line is not what the API takes; `details` has each place.",
  image_incompatible: "No build of the claude CLI runs in this image: another processor, musl, or no C library.",
  compose_invalid: "The compose file cannot be read, or says something that is not on the list of what it may say.",
  secret_not_found: "The run names a secret that is not there, or is somebody else's.",
  unauthorized: "This address needs a token, and there was none, a wrong one, or one that has ended.",
  forbidden: "The token is good, and its scopes do not cover this.",
  host_not_allowed: "The Host header names a machine that the daemon does not go by; web pages could drive it so.",
  origin_not_allowed: "A web page of another origin asked.",
  volume_not_allowed: "The folder is not below an entry of `policy.volumes`, or is one that never may be mounted.",
  volume_changed: "A folder was swapped between the check and the mount.",
  image_not_allowed: "The image fits no pattern of `policy.images`.",
  limit_exceeded: "The request asks for more than a ceiling in `policy` allows.",
  network_not_allowed: "The network is not in `policy.networks`.",
  writable_root_not_allowed: "`policy.writable_root` is off, and the request wants to write everywhere.",
  not_found: "There is no such route.",
  job_not_found: "There is no such job, or it is somebody else's, or retention has removed it.",
  delivery_not_found: "There is no such webhook delivery, or it is somebody else's.",
  session_not_found: "There is no such session, or it is somebody else's.",
  message_not_found: "The session has no such message.",
  image_not_found: "The image is not on this machine, or the registry does not have it.",
  secret_missing: "There is no such secret, or it is somebody else's.",
  token_not_found: "There is no API token of this name.",
  secret_exists: "A secret of this name is there already; values are never replaced in silence.",
  secret_in_use: "A run that has not ended uses the secret.",
  token_exists: "An API token of this name is there already.",
  session_exists: "The session is there already, and the request does not say that it goes on with it.",
  session_in_use: "Another run is at work in the session; there is one at a time.",
  job_ended: "The job has ended, so that there is nothing to cancel.",
  idempotency_mismatch: "The idempotency key was used before, for a request that said something else.",
  daemon_running: "Another daemon has the state folder or the socket.",
  range_not_satisfiable: "The Range header asks for bytes that the log does not have.",
  rate_limited: "This caller or address has asked too often; `Retry-After` says when again.",
  too_many_jobs: "This caller has as many jobs waiting as `jobs.max_queued_per_caller` allows.",
  payload_too_large: "The body is larger than 10 MiB.",
  registry_denied: "The registry wants a login, or has no such image.",
  registry_unreachable: "The registry does not answer.",
  registry_failed: "Podman got nothing from the registry, for a reason of its own.",
  internal: "A bug in Stromboli.",
  auth_not_configured: "Access tokens are asked for, and there is no secret to sign them with.",
  no_credentials: "The daemon has nothing to open the model API with, or cannot read what was stored.",
  podman_unusable: "Podman is not installed, or did not answer in time.",
  podman_failed: "Podman refused a command; its own last line is in the message.",
  start_failed: "The container, or a service beside it, did not start or did not become healthy.",
  queue_full: "As many jobs wait as `jobs.max_queued` allows.",
  storage_failed: "The state folder is full, read-only or broken.",
  database_damaged: "SQLite cannot read its file, as after a disk that failed.",
  disk_full: "A pull would leave less room than `podman.keep_free`.",
  shutting_down: "The daemon is stopping.",
  config_invalid: "The configuration, the state folder or an address cannot be used; the message names the place.",
};

/** What to do where the error itself ends without a hint, as its message says it case by case. */
const remedies: Readonly<Partial<Record<ErrorCode, string>>> = {
  invalid_request: "correct the place that is named",
  image_incompatible: "take an image with glibc for this machine, or get the CLI for musl with: stromboli setup --musl",
  unauthorized:
    "make a token with: stromboli token create; hand it over as `Authorization: Bearer`, or STROMBOLI_TOKEN",
  forbidden: "ask for a token with the scope that the message names",
  volume_not_allowed: "add the folder to policy.volumes, or mount another; stromboli run --dry-run tries it",
  volume_changed: "find out who swaps it, and run again",
  image_not_allowed: "take another image, or add it to policy.images",
  not_found: "look into GET /openapi.json",
  job_not_found: "look for it with: stromboli ps --all",
  delivery_not_found: "look for it with: stromboli webhooks",
  session_not_found: "look for it with: stromboli sessions",
  message_not_found: "look for it with: stromboli sessions show ID",
  image_not_found: "look with stromboli images, or pull it with: stromboli images pull NAME",
  secret_missing: "look for it with: stromboli secrets",
  token_not_found: "look for it with: stromboli token ls",
  job_ended: "look at it with: stromboli inspect JOB",
  daemon_running: "stop it with stromboli daemon stop, or give this one its own state_dir and server.socket",
  range_not_satisfiable: "ask for no more than the length in Content-Range",
  rate_limited: "wait as long as Retry-After says, or raise rate_limits",
  payload_too_large: "mount what is large as a volume",
  registry_unreachable: "check the network and the proxy of the daemon's environment, and try again",
  registry_failed: "do what Podman's words say, or try by hand with: podman pull NAME",
  no_credentials: "log in with stromboli login, or set ANTHROPIC_API_KEY in the daemon's environment",
  podman_unusable: "find out with stromboli doctor, and mend it with: stromboli setup",
  podman_failed: "find out with: stromboli doctor",
  start_failed: "do what the message says; stromboli doctor tries a container",
  shutting_down: "ask again when it is back; a job's events go on where they were",
  config_invalid: "correct the place that is named; stromboli.yaml has every key with its default",
};

/** The table of docs/troubleshooting.md: a line for each code, in the order of the errors' own table. */
export const errorTable = (): string => {
  const rows = errorCodes.map((code) => {
    const { status, exit, hint } = rowOf(code);
    return [`\`${code}\``, `${status}`, `${exit}`, meanings[code], hint || (remedies[code] ?? "")];
  });
  const all = [["code", "HTTP", "exit", "what it means", "what to do"], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const [head = "", ...lines] = all.map((row) => lineOf(row.map((cell, column) => cell.padEnd(widths[column] ?? 0))));
  return [head, lineOf(widths.map((width) => "-".repeat(width))), ...lines].join("\n");
};

const lineOf = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
