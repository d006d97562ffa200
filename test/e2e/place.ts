import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { configFolder, stateFolder } from "../../lib/paths.ts";

/** Folders of one daemon's own, short enough for its sockets' paths, with nothing of the user's but Podman's settings. */
export const makePlace = () => {
  const folder = realpathSync(mkdtempSync("/tmp/stromboli-e2e-"));
  const place = {
    folder,
    state: join(folder, "state"),
    volumes: join(folder, "volumes"),
    socket: join(folder, "api.sock"),
    log: join(folder, "daemon.log"),
    configFile: join(folder, "stromboli.yaml"),
    configHome: join(folder, "config"),
  };
  mkdirSync(place.volumes);
  mkdirSync(join(place.configHome, "stromboli"), { recursive: true });
  for (const name of ["containers", "stromboli/containers.conf", "stromboli/containers-override.conf"]) {
    const own = join(process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), name);
    if (existsSync(own)) symlinkSync(own, join(place.configHome, name));
  }
  return {
    ...place,
    configure: (config: object) => writeFileSync(place.configFile, JSON.stringify(config, undefined, 2)), // JSON is YAML
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
};
export type Place = ReturnType<typeof makePlace>;

/** bin/setup's finding about this machine, so that it need not try again for the place. */
export const knowTrial = ({ folder, configHome }: Place): void => {
  const known = join(stateFolder(process.env), "trial");
  if (!existsSync(known)) return;
  const found = readFileSync(known, "utf8").replaceAll(configFolder(process.env), join(configHome, "stromboli"));
  mkdirSync(join(folder, "stromboli"));
  writeFileSync(join(folder, "stromboli/trial"), found);
};

/** The daemon's environment: this process's own without what would reach into the tests. */
export const environmentOf = (place: Place, more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
  XDG_CONFIG_HOME: place.configHome,
  XDG_STATE_HOME: place.folder,
  STROMBOLI_CONFIG: place.configFile,
  ...more,
});

const foreign = /^(CI|STROMBOLI_.*|ANTHROPIC_.*|CLAUDE_.*|NODE_.*|.*_proxy)$/i;
