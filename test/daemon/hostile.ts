/** As much of a JSON schema as tells which fields there are. */
export type Schema = {
  $ref?: string;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
};
export type Body = { title: string; body: string | Uint8Array<ArrayBuffer> };

const levels = 100_000;
const deepList = "[".repeat(levels) + "]".repeat(levels);
const deepObject = '{"a":'.repeat(levels) + "1" + "}".repeat(levels);
const long = "a".repeat(1_048_577);

/** Text that is a name of nothing, wherever it stands. */
export const hostileText = [
  "\0",
  "a\0b",
  "\u001b[2J\u001b]0;x\u0007",
  "\r\nX-Injected: 1",
  "\ud800",
  "\u202e\ufeff\u{10ffff}",
  "__proto__",
  "constructor",
  "toString",
  "../../etc/passwd",
  "' or 1=1 --",
  "1e400",
  "-1",
  "9223372036854775808",
  "NaN",
  "é".repeat(100),
  "[".repeat(5000),
  "a".repeat(10_000),
];

/** Bodies that no route may take. */
const notForAnyRoute: readonly Body[] = [
  ["nothing", ""],
  ["blanks", " \n\t "],
  ["half a JSON", '{"prompt":'],
  ["two JSONs", "{}{}"],
  ["null", "null"],
  ["true", "true"],
  ["a text", '"x"'],
  ["a number", "1"],
  ["an endless number", "1e400"],
  ["a large number", "9223372036854775808"],
  ["a list", "[{}]"],
  ["NaN", "NaN"],
  ["a deep list", deepList],
  ["a deep object", deepObject],
  ["half a deep list", "[".repeat(levels)],
  ["a deep list in an unknown field", `{"no_such_field":${deepList}}`],
  ["a bare NUL", '{"no_such_field":"\0"}'],
  ["a lone surrogate as a name", '{"\\ud800":1}'],
  ["a NUL as a name", '{"\\u0000":1}'],
  ["half a surrogate pair", '{"prompt":"\\ud800","name":"\\ud800","value":"\\ud800","refresh_token":"\\ud800"}'],
  ["the other half behind an escaped backslash", '{"prompt":"\\\\\\uDC00","name":"x","value":"\\\\\\uDC00"}'],
  ["halves in a wrong order", '{"prompt":"\\udc00\\ud800","name":"x","value":"\\udc00\\ud800"}'],
  ["a prototype", '{"__proto__":{"prompt":"hi"},"constructor":{"prototype":{}}}'],
  ["a prototype alone", '{"__proto__":null}'],
  ["an unknown field twice", '{"no_such_field":1,"no_such_field":2}'],
  ["a long name", `{"${long}":1}`],
  ["a long text", `{"no_such_field":"${long}"}`],
  ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ["a surrogate in bytes", Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')])],
  ["UTF-16", Buffer.from('{"prompt":"hi"}', "utf16le")],
].map(([title, body]) => ({ title, body }) as Body); // pairs, which the list's type does not tell

/** Those that a route has to refuse: where nothing is required, no body at all is fine. */
export const refusedBy = (schema: Schema, schemas: Readonly<Record<string, Schema>>): readonly Body[] =>
  notForAnyRoute.filter(({ body }) => body !== "" || resolve(schema, schemas).required !== undefined);

/** JSON of every kind, so that each field gets many of a wrong one. */
const values = [
  "null",
  "true",
  "0",
  "-1",
  "1.5",
  "1e400",
  "-1e400",
  "9223372036854775808",
  "9".repeat(400),
  '""',
  "[]",
  "[[]]",
  "{}",
  '{"":""}',
  '{"__proto__":1,"constructor":{}}',
  ...["\0", "\u001b[2J", "__proto__", "a".repeat(10_000)].map((name) => JSON.stringify({ [name]: "x" })),
  ...hostileText.map((text) => JSON.stringify(text)),
];

/** Those that take long to read: a field of each kind gets them. */
const heavyValues = [
  deepList,
  deepObject,
  `[${'"a",'.repeat(20_000)}"a"]`,
  JSON.stringify(long),
  JSON.stringify(hostileText),
];

/** Bodies that are right but for one field, at whatever depth, and that one again behind a good one. */
export const bodiesFor = (schema: Schema, schemas: Readonly<Record<string, Schema>>): Body[] => {
  const { required = [], ...resolved } = resolve(schema, schemas);
  const good = (without: string) =>
    required
      .filter((name) => name !== without)
      .map((name) => `${JSON.stringify(name)}:${JSON.stringify(goods[name] ?? "x")}`);
  const kinds = new Set<string>();
  return fieldsOf(resolved, schemas).flatMap(({ path, kind }) => {
    const isNew = !kinds.has(kind);
    kinds.add(kind);
    const [top = ""] = path;
    const open = path
      .map((name) => `{${JSON.stringify(name)}:`)
      .join("")
      .slice(1);
    return [...values, ...(isNew ? heavyValues : [])].map((value) => ({
      title: `${path.join(".")} ${value.slice(0, 40)}`,
      body: `{${[...good(top), `${open}${value}`].join()}${"}".repeat(path.length)}`,
    }));
  });
};

/** What fits the fields that a route cannot do without. */
const goods: Readonly<Record<string, unknown>> = { prompt: "hi", name: "x", value: "x", scopes: ["read"] };

const resolve = (schema: Schema, schemas: Readonly<Record<string, Schema>>): Schema =>
  schema.$ref === undefined ? schema : (schemas[schema.$ref.replace("#/components/schemas/", "")] ?? {});

/** `kind`: what a field may hold, whatever it is for. */
type Field = { path: string[]; kind: string };

const fieldsOf = (schema: Schema, schemas: Readonly<Record<string, Schema>>): Field[] =>
  Object.entries(resolve(schema, schemas).properties ?? {}).flatMap(([name, inner]) => [
    { path: [name], kind: JSON.stringify(inner, withoutWords) },
    ...fieldsOf(inner, schemas).map(({ path, kind }) => ({ path: [name, ...path], kind })),
  ]);

const withoutWords = (name: string, value: unknown): unknown =>
  ["description", "default", "example", "examples"].includes(name) ? undefined : value;
