import { html } from "hono/html";
import type { Schema } from "./document.ts";

type Html = ReturnType<typeof html>;

/** What a value is, in a few words; what has a name is a link to it. */
export const typeOf = (schema: Schema | undefined): Html => {
  const { $ref, enum: values, items, anyOf, oneOf, properties, additionalProperties } = schema ?? {};
  if ($ref !== undefined) return linkTo($ref.split("/").at(-1) ?? "");
  if (values) return html`${values.map((value) => JSON.stringify(value)).join(" | ")}`;
  const choice = anyOf ?? oneOf;
  if (choice) return html`${choice.map((one, index) => html`${index > 0 ? " or " : ""}${typeOf(one)}`)}`;
  if (items) return html`list of ${typeOf(items)}`;
  if (properties) return html`object with ${Object.keys(properties).join(", ")}`;
  if (typeof additionalProperties === "object") return html`object of ${typeOf(additionalProperties)}`;
  return html`${plainType(schema)}`;
};

const plainType = ({ type, format }: Schema = {}): string => {
  if (type === undefined) return "anything";
  return `${[type].flat().join(" or ")}${format === undefined ? "" : ` (${format})`}`;
};

const linkTo = (name: string): Html => html`<a href="#schema-${name}">${name}</a>`;

/** The fields of an object, or what else it is. */
export const fieldsOf = (schema: Schema): Html => {
  const { properties, required = [] } = schema;
  if (!properties) return html`<p>${typeOf(schema)}</p>`;
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Field</th>
        <th scope="col">Type</th>
        <th scope="col">What</th>
      </tr>
    </thead>
    <tbody>
      ${Object.entries(properties).map(
        ([name, field]) =>
          html`<tr>
            <td><code>${name}</code>${required.includes(name) ? "" : html` <small>optional</small>`}</td>
            <td>${typeOf(field)}</td>
            <td>${field.description ?? ""}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
};
