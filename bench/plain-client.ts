import { once } from "node:events";
import { connect } from "node:net";

/** A client that makes hardly any garbage: collecting what fetch leaves takes it longer than the daemon takes for a page. */
export const connectTo = async (path: string) => {
  const socket = connect(path);
  await once(socket, "connect");
  return {
    async get(url: string): Promise<void> {
      socket.write(`GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      let [chunk] = (await once(socket, "data")) as [Buffer];
      const head = chunk.toString("latin1", 0, chunk.indexOf("\r\n\r\n") + 4);
      if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(`${url} was answered with ${head}`);
      let missing = head.length + Number(/content-length: (\d+)/i.exec(head)?.[1]) - chunk.length;
      for (; missing > 0; missing -= chunk.length) [chunk] = (await once(socket, "data")) as [Buffer];
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
};
