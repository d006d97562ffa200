import { createClient, type Client } from "../client.ts";
import { ensureDaemon } from "../ensure.ts";

export type Connect = () => Promise<Client>;

/**
 * A client of the daemon, which is set up and started when it is not there, as it may be between any two calls. Nothing
 * that is started may read the standard input, where the protocol comes in.
 */
export const createConnect = (env: NodeJS.ProcessEnv): Connect => {
  let coming: Promise<Client> | undefined;
  const connect = async (): Promise<Client> => {
    try {
      return createClient(await ensureDaemon(env, { stdin: "ignore" }));
    } finally {
      coming = undefined;
    }
  };
  return () => (coming ??= connect());
};
