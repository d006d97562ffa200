import { readFileSync } from "node:fs";
import type { ValidateFunction } from "ajv";

type Answers = Readonly<Record<string, { content?: Readonly<Record<string, object>> }>>;
type Document = { paths: Readonly<Record<string, Readonly<Record<string, { responses: Answers }>>>> };
type Asked = { method: string; path: string };

/** The document as it was last agreed on; `npm run contract` renews it. */
export const agreed = JSON.parse(readFileSync(new URL("fixtures/openapi.json", import.meta.url), "utf8")) as Document; // a test holds it against the daemon's own

/** Throws when an answer has a status, a type or a body that the document does not have: a field too many as well. */
export const checkAnswer = async (asked: Asked, answer: Response): Promise<void> => {
  if (/^(HEAD|OPTIONS)$/.test(asked.method)) return;
  const [type = ""] = (answer.headers.get("content-type") ?? "").split(";");
  const route = findRoute(asked);
  const wrong = (what: string) => new Error(`${asked.method} ${asked.path} → ${answer.status} ${type}: ${what}`);
  const unknown = route && unknownOf(route.answers[answer.status], type);
  if (unknown) throw wrong(`the document does not have this ${unknown}`);
  if (type !== "application/json") return;
  const validate = await validatorAt(
    route ? `${route.pointer}/${answer.status}/content/application~1json/schema` : failure,
  );
  if (!validate(await answer.clone().json())) throw wrong(messageOf(validate.errors ?? []));
};

const unknownOf = (known: Answers[string] | undefined, type: string): "status" | "type" | undefined => {
  if (!known) return "status";
  return type === "" || known.content?.[type] ? undefined : "type";
};

/** A path that no route has is answered with an error. */
const failure = "#/components/schemas/Failure";

const findRoute = ({ method, path }: Asked) => {
  const [plain = ""] = path.split("?");
  return routes.find((route) => route.method === method && route.pattern.test(plain));
};

const parametersIn = (path: string): number => path.split("{").length;
const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll(".", "\\.").replace("/images/{name}", "/images/.+").replaceAll(/{\w+}/g, "[^/]+")}$`);
const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** Those with fewer parameters first: of `/images/search` and `/images/{name}` the former is meant. */
const routes = Object.entries(agreed.paths)
  .toSorted(([one], [other]) => parametersIn(one) - parametersIn(other))
  .flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { responses }]) => ({
      method: method.toUpperCase(),
      pattern: patternOf(path),
      answers: responses,
      pointer: `#/paths/${escaped(path)}/${method}/responses`,
    })),
  );

/** Each schema is compiled when the first answer of its kind comes, as most files see few. */
export const validatorAt = async (pointer: string): Promise<ValidateFunction> => {
  validator ??= load();
  const found = (await validator).getSchema(`document${encodeURI(pointer)}`);
  if (!found) throw new Error(`the document has no ${pointer}`);
  return found;
};

let validator: ReturnType<typeof load> | undefined;

const load = async () => {
  const { Ajv2020 } = await import("ajv/dist/2020.js");
  const formats = {
    "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    uri: (text: string) => URL.canParse(text),
  };
  const ajv = new Ajv2020({ strict: false, validateSchema: false, formats }); // an OpenAPI document is no schema, but has some
  return ajv.addSchema(closed(agreed) as object, "document");
};

/** The same with no fields in answers but those that it names. */
const closed = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(closed);
  const inner = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, closed(part)]));
  return inner["type"] === "object" && inner["properties"] ? { additionalProperties: false, ...inner } : inner;
};

const messageOf = (errors: NonNullable<ValidateFunction["errors"]>): string =>
  errors
    .map(({ instancePath, message, params }) => `${instancePath || "the body"} ${message} ${JSON.stringify(params)}`)
    .join("; ");
