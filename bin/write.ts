import { once } from "node:events";

/** Writes to a stream and waits while it takes no more: a reader that is slow must not cost memory. */
export const write = async (stream: NodeJS.WriteStream, text: string | Uint8Array): Promise<void> => {
  if (!stream.write(text)) await once(stream, "drain");
};
