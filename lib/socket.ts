import { once } from "node:events";
import { connect } from "node:net";

export const longestSocketPath = 107; // the kernel's limit, less the closing NUL

/** Whether somebody listens on a unix socket. */
export const answers = async (path: string): Promise<boolean> => {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};
