import type { Body, Document, Parameter, Schema } from "../../daemon/docs/document.ts";
import { groupsOf, type Route } from "../../daemon/docs/groups.ts";
import { typeOf } from "../../daemon/docs/type.ts";

/** An OpenAPI document as Markdown, for who reads without a daemon: routes by their groups, then the schemas. */
export const referenceOf = (document: Document): string =>
  [
    ...groupsOf(document).map(({ title, description, routes }) =>
      [`## ${title}`, description, ...routes.map(routeText)].join("\n\n"),
    ),
    errorsText(document),
    "## Schemas",
    ...Object.entries(document.components.schemas)
      .toSorted(([one], [other]) => one.localeCompare(other))
      .map(([name, schema]) => schemaText(name, schema)),
  ].join("\n\n");

const routeText = ({ method, path, operation }: Route): string => {
  const { summary = "", description = "", parameters = [], requestBody, responses } = operation;
  const [good = [], bad = []] = [true, false].map((wanted) =>
    Object.entries(responses).filter(([status]) => isGood(status) === wanted),
  );
  return sections(
    `### ${method} ${path}`,
    `${summary}. ${description}`.trim(),
    parameters.map(parameterText).join("\n"),
    requestBody ? `Body${bodyText({ ...requestBody, description: "" })}` : "",
    good.map(([status, body]) => `- ${status}${bodyText(body)}`).join("\n"),
    bad.length === 0 ? "" : `Errors: ${bad.map(([status]) => status).join(", ")}`,
  );
};

const isGood = (status: string): boolean => /^[23]/.test(status);

/** What the statuses of errors say, which is the same on every route. */
const errorsText = (document: Document): string => {
  const told = groupsOf(document)
    .flatMap(({ routes }) => routes.flatMap(({ operation }) => Object.entries(operation.responses)))
    .filter(([status]) => !isGood(status))
    .map(([status, { description = "" }]) => `- ${status}: ${description}`);
  return ["## Errors", [...new Set(told)].toSorted().join("\n")].join("\n\n");
};

const sections = (...texts: readonly string[]): string => texts.filter((text) => text !== "").join("\n\n");

const parameterText = ({ name, in: where, required, schema, description }: Parameter): string =>
  field(name, { notes: [typeText(schema), where, ...(required ? [] : ["optional"])], description });

/** JSON goes by its schema, anything else by its media type. */
const bodyText = ({ description = "", content = {} }: Body): string => {
  const types = Object.entries(content).map(([type, { schema }]) =>
    type === "application/json" ? typeText(schema) : `\`${type}\``,
  );
  const what = types.length === 0 ? "" : ` ${types.join(" or ")}`;
  return `${what}${description === "" ? "" : `: ${description}`}`;
};

const schemaText = (name: string, schema: Schema): string => {
  const { properties = {}, required = [], description = "" } = schema;
  const fields = Object.entries(properties).map(([key, inner]) =>
    field(key, { notes: [typeText(inner), ...(required.includes(key) ? [] : ["optional"])], ...inner }),
  );
  return sections(`### ${name}`, description, fields.length > 0 ? fields.join("\n") : typeText(schema));
};

const field = (name: string, { notes, description }: { notes: string[]; description?: string | undefined }): string =>
  `- \`${name}\` (${notes.join(", ")})${description === undefined ? "" : `: ${description}`}`;

const typeText = (schema: Schema | undefined): string =>
  typeOf(schema)
    .map((piece) => (typeof piece === "string" ? piece : linkTo(piece.schema)))
    .join("");

const linkTo = (name: string): string => `[${name}](#${name.toLowerCase()})`;
