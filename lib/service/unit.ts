/** Where the daemon's program is, and what of the shell it is installed from systemd would not know. */
export type UnitFacts = {
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  environmentFile: string;
};

/** The unit of a user's service. Pure. */
export const unitText = ({ command, environment, environmentFile }: UnitFacts): string =>
  `# Made by: stromboli service install. Changes of your own belong into a drop-in: systemctl --user edit stromboli
[Unit]
Description=Stromboli: Claude Code as a service
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=notify
# The daemon speaks through systemd-notify, a child of its own.
NotifyAccess=all
WatchdogSec=60
ExecStart=${command.map(commandWord).join(" ")}
EnvironmentFile=-${percentFree(environmentFile)}
${Object.entries(environment)
  .map(([name, value]) => `Environment=${quoted(percentFree(`${name}=${value}`))}\n`)
  .join("")}WorkingDirectory=/
Restart=on-failure
RestartSec=2
# A wrong configuration does not become right by trying again.
RestartPreventExitStatus=2 78
TimeoutStartSec=120
TimeoutStopSec=70
# Runs and what serves them (conmon, pasta) live on over a restart, and one that is out of memory ends alone.
KillMode=process
OOMPolicy=continue
# NoNewPrivileges, and all that implies it for a user (system calls, address families, read-only folders), would keep
# rootless Podman from its ids: newuidmap is setuid.
UMask=0077
LimitCORE=0

[Install]
WantedBy=default.target
`;

/** A `$` would be a variable's, but for the first word. */
const commandWord = (word: string): string => quoted(percentFree(word).replaceAll("$", "$$$$"));

/** A `%` would be a specifier's. */
const percentFree = (text: string): string => text.replaceAll("%", "%%");

const quoted = (text: string): string =>
  /^[\w./:=@%$+,-]+$/.test(text) ? text : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** What of an environment decides where a daemon keeps its things; systemd does not see what a shell exports. */
export const unitEnvironment = (env: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"].flatMap((name) => {
      const value = env[name];
      return value ? [[name, value]] : [];
    }),
  );

/** The first content of the environment file. */
export const environmentFileText = `# Environment of Stromboli's service, NAME=value a line; only you can read it. After a change: stromboli service install
#ANTHROPIC_API_KEY=
#HTTPS_PROXY=
`;
