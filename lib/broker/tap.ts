import { createParser } from "eventsource-parser";
import { z } from "zod";

const tokens = z.number().int().nonnegative().optional().catch(undefined);

const UsageFields = z
  .object({
    input_tokens: tokens,
    output_tokens: tokens,
    cache_creation_input_tokens: tokens,
    cache_read_input_tokens: tokens,
  })
  .partial();
const Message = z.object({ model: z.string().optional(), usage: UsageFields.optional() });
const Event = z.union([
  z.object({ type: z.literal("message_start"), message: Message }).transform(({ message }) => message),
  z
    .object({ type: z.literal("message_delta"), usage: UsageFields })
    .transform(({ usage }) => ({ model: undefined, usage })),
]);

export type Seen = {
  model: string;
  inputTokens: number;
  outputTokens: number;
  cacheCreationInputTokens: number;
  cacheReadInputTokens: number;
};

/** The largest non-streaming answer that is looked into; larger ones pass unread. */
const maxJsonBytes = 4 * 1024 * 1024;

/** Reads model and tokens off an answer of the Messages API while it passes; never changes or holds back a byte. */
export const createTap = (contentType: string) => {
  const seen: Seen = {
    model: "",
    inputTokens: 0,
    outputTokens: 0,
    cacheCreationInputTokens: 0,
    cacheReadInputTokens: 0,
  };
  const note = (message: z.output<typeof Message>) => merge(seen, message);
  const decoder = new TextDecoder();
  const streaming = contentType.includes("event-stream");
  const parser = createParser({ onEvent: ({ data }) => noteJson(data, Event, note) });
  let body = "";

  return {
    seen,
    write(chunk: Uint8Array): void {
      const text = decoder.decode(chunk, { stream: true });
      if (streaming) parser.feed(text);
      else if (body.length < maxJsonBytes) body += text;
    },
    end(): void {
      if (!streaming) noteJson(body, Message, note);
    },
  };
};

const noteJson = <Value>(text: string, schema: z.ZodType<Value>, note: (value: Value) => void): void => {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) note(parsed.data);
  } catch {
    // not JSON: an error page passes as it is, and there is nothing to count in it
  }
};

/** message_delta repeats running totals: the last word counts. */
const merge = (seen: Seen, { model, usage = {} }: z.output<typeof Message>): void => {
  seen.model = model ?? seen.model;
  seen.inputTokens = usage.input_tokens ?? seen.inputTokens;
  seen.outputTokens = usage.output_tokens ?? seen.outputTokens;
  seen.cacheCreationInputTokens = usage.cache_creation_input_tokens ?? seen.cacheCreationInputTokens;
  seen.cacheReadInputTokens = usage.cache_read_input_tokens ?? seen.cacheReadInputTokens;
};
