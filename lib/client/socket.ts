import type { OverSocket } from "./ask.ts";
import { ClientError } from "./error.ts";
import type { Send, Target } from "./target.ts";

/** All that needs Node is loaded here, and nowhere else, once something is asked. */
export const overSocket: OverSocket = (url, token) => {
  let loaded: Promise<Send> | undefined;
  return {
    base: "http://localhost",
    async send(address, init) {
      loaded ??= load(url, token);
      return (await loaded)(address, init);
    },
  };
};

const load = async (url: string | undefined, token: string | undefined): Promise<Send> => {
  const [{ defaultSocket }, { whyUnsafe, sendTo }] = await Promise.all([import("../paths.ts"), import("./target.ts")]);
  const target: Target = { socketPath: url === undefined ? defaultSocket(process.env) : url.slice("unix://".length) };
  const send = sendTo(target, token);
  return (address, init) => {
    const unsafe = whyUnsafe(target);
    if (unsafe !== undefined) throw new ClientError("unsafe_socket", unsafe);
    return send(address, init);
  };
};
