const blockBytes = 512;

/** A file in a tar, as far as it matters here. */
export type TarEntry = { name: string; mode: number; isLink: boolean; isFolder: boolean };

/**
 * Reads the entries of a tar as it streams by; contents are skipped, and so nothing is kept. Names of more than 100
 * characters, which take entries of their own, come out short.
 */
export const createTarReader = (onEntry: (entry: TarEntry) => void) => {
  let pending: Buffer = Buffer.alloc(0);
  let skip = 0;
  return (bytes: Uint8Array): void => {
    const skipped = Math.min(skip, bytes.length);
    skip -= skipped;
    if (skipped === bytes.length) return;
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset + skipped, bytes.length - skipped);
    let rest: Buffer = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
    while (rest.length >= blockBytes) {
      const header = rest.subarray(0, blockBytes);
      if (header[0] !== 0) onEntry(entryOf(header)); // else it is of the padding at the end
      const next = blockBytes + (header[0] === 0 ? 0 : contentBytes(header));
      skip = Math.max(0, next - rest.length);
      rest = rest.subarray(Math.min(next, rest.length));
    }
    pending = Buffer.from(rest);
  };
};

const entryOf = (header: Buffer): TarEntry => {
  const type = String.fromCharCode(header[156] ?? 0);
  return {
    name: text(header, 0, 100),
    mode: Number.parseInt(text(header, 100, 8), 8) || 0,
    isLink: type === "1" || type === "2",
    isFolder: type === "5",
  };
};

const text = (header: Buffer, at: number, length: number): string => {
  const field = header.toString("latin1", at, at + length);
  const end = field.indexOf("\0");
  return (end < 0 ? field : field.slice(0, end)).trim();
};

const baseOf256 = 0x80;

/** In whole blocks. From 8 GiB on the size is a binary number, marked by its first bit. */
const contentBytes = (header: Buffer): number => {
  const size =
    ((header[124] ?? 0) & baseOf256) > 0 ? header.readUIntBE(130, 6) : Number.parseInt(text(header, 124, 12), 8) || 0;
  return Math.ceil(size / blockBytes) * blockBytes;
};
