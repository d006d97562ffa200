import { Readable } from "node:stream";
import type { TypedResponse } from "hono";
import parseRange from "range-parser";
import { StromboliError } from "../../lib/errors.ts";
import { openReadable } from "../../lib/jobs/folder.ts";

/** A text file as far as it goes now, or the bytes of it that a Range header names. One that is not there yet is empty. */
export const sendFile = async (path: string, range: string | undefined): Promise<FileResponse> => {
  await using stack = new AsyncDisposableStack();
  const found = await openReadable(path);
  const file = found && stack.use(found);
  const size = (await file?.stat())?.size ?? 0;
  const part = range === undefined ? undefined : partOf(size, range);
  if (!file || size === 0) return answer("", { size, part: undefined });
  const body = Readable.toWeb(file.createReadStream(part ?? { start: 0, end: size - 1 })); // which closes it
  stack.move();
  return answer(body as ReadableStream, { size, part }); // one type, two declarations
};

type Part = { start: number; end: number };

const answer = (body: ReadableStream | "", { size, part }: { size: number; part: Part | undefined }): FileResponse => {
  const { start, end } = part ?? { start: 0, end: size - 1 };
  const headers = {
    "Content-Type": "text/plain; charset=utf-8",
    "X-Content-Type-Options": "nosniff", // an agent wrote it
    "Accept-Ranges": "bytes",
    "Content-Length": String(end - start + 1),
    ...(part && { "Content-Range": `bytes ${start}-${end}/${size}` }),
  };
  return new Response(body, { status: part ? 206 : 200, headers }) as FileResponse; // with Hono's mark for text
};

type FileResponse = Response & TypedResponse<string, 200 | 206, "text">;

/** The bytes of a single range; of several, or of what is none, nothing: then the whole file is sent, as HTTP has it. */
const partOf = (size: number, header: string): Part | undefined => {
  const [, suffix] = /^bytes=-(\d+)$/.exec(header) ?? [];
  if (suffix !== undefined && Number(suffix) >= size && size > 0) return { start: 0, end: size - 1 }; // all of it, which the parser calls none
  const ranges = parseRange(size, header);
  if (ranges === -1)
    throw new StromboliError("range_not_satisfiable", `the log has ${size} bytes so far`, {
      headers: { "Content-Range": `bytes */${size}` },
    });
  if (ranges === -2 || ranges.type !== "bytes" || ranges.length > 1) return undefined;
  return ranges[0];
};
