import { Command } from "commander";
import type { Check, Finding } from "../../lib/doctor/finding.ts";
import { messageOf } from "../../lib/errors.ts";
import { createClient, isUp, jsonOf } from "../client.ts";
import { exitCodes } from "../failure.ts";
import { findingLines, summaryOf } from "../findings.ts";
import { printJson, say } from "../print.ts";
import { setUp } from "../start.ts";

type Flags = { config?: string; online?: true; fix?: true; json?: true };

export const doctorCommand = () =>
  new Command("doctor")
    .description("Look at all that runs depend on, and say what is wrong, what it means and what to do.")
    .option("-c, --config <file>", "configuration file")
    .option("--online", "also try the credential, with one request that costs nothing")
    .option("--fix", "do what is safe: the set-up, modes of Stromboli's own files, a socket left behind")
    .option("--json", "print it as JSON")
    .addHelpText(
      "after",
      `
Examples:
  stromboli doctor
  stromboli doctor --fix
  stromboli doctor --json | jq -r '.checks[] | select(.status != "ok") | .name'

Ends with 0 when there are no failures, be there warnings or not; with 1 when something keeps agents
from running.`,
    )
    .action(doctor);

const doctor = async (flags: Flags): Promise<void> => {
  const findings = flags.fix ? await fixed(flags) : await lookAtAll(flags, tell(flags));
  const { worstOf } = await import("../../lib/doctor/examine.ts");
  const status = worstOf(findings);
  if (flags.json) printJson({ status, checks: findings.map(shown) });
  else console.log(`\n${advice(findings, flags)}`);
  if (status === "failure") process.exitCode = exitCodes.failed;
};

/** What is found once all has been done that can be; what is found before is told only when there is nothing to do. */
const fixed = async (flags: Flags): Promise<Finding[]> => {
  const { applyFix, describeFix, fixesFor } = await import("../../lib/doctor/fix.ts");
  const found = await lookAtAll(flags);
  const fixes = fixesFor(found);
  for (const fix of fixes) {
    say(`fixing: ${describeFix(fix)}`);
    await attempt(() => (fix.kind === "setup" ? setUp({ args: fix.args }) : applyFix(fix)));
  }
  if (fixes.length > 0) return lookAtAll(flags, tell(flags));
  for (const finding of found) tell(flags)(finding);
  return found;
};

type Tell = (finding: Finding) => void;

const tell =
  ({ json }: Flags): Tell =>
  (finding) => {
    if (!json) console.log(findingLines(finding, process.stdout));
  };

/** Each finding is told as soon as it is known: a trial container takes seconds. */
const lookAtAll = async (flags: Flags, heard: Tell = () => {}): Promise<Finding[]> => {
  const { examine } = await import("../../lib/doctor/examine.ts");
  const findings: Finding[] = [];
  for await (const finding of examine(await checksFor(flags))) {
    findings.push(finding);
    heard(finding);
  }
  return findings;
};

/** Heavy, and no other command needs it. */
const checksFor = async ({ config: file, online }: Flags): Promise<Check[]> => {
  const { lookAtConfig } = await import("../../lib/doctor/look.ts");
  const { allChecks } = await import("../../lib/doctor/doctor.ts");
  const { env } = process;
  const { config, verdict } = lookAtConfig({ env, file });
  return allChecks({ config, configuration: verdict, env, online: online === true, askDaemon });
};

/** One that is too old or too busy to say is none. */
const askDaemon = async (socketPath: string) => {
  try {
    const target = { socketPath };
    if (!(await isUp(target))) return undefined;
    return (await jsonOf(await createClient(target).claude.status.$get())).credentials;
  } catch {
    return undefined;
  }
};

/** What cannot be mended is told, and the rest is still tried. */
const attempt = async (act: () => void | Promise<void>): Promise<void> => {
  try {
    await act();
  } catch (error) {
    say(messageOf(error));
  }
};

/** As `--json` has it; scripts depend on it. */
const shown = ({ name, status, message, remedy, fix }: Finding) => ({
  name,
  status,
  message,
  ...(remedy !== undefined && { remedy }),
  fixable: fix !== undefined,
});

const advice = (findings: readonly Finding[], { fix }: Flags): string => {
  const fixable = findings.some((finding) => finding.fix) && !fix;
  return `${summaryOf(findings)}${fixable ? "; some of it can be mended with: stromboli doctor --fix" : ""}`;
};
