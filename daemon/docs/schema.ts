import { html } from "hono/html";
import type { Schema } from "./document.ts";
import { prose } from "./prose.ts";

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

/** A table of what has a name, a type and a description; `notes` stand beside the name. */
export const tableOf = (
  title: string,
  rows: readonly { name: string; notes: Html | ""; type: Html; description: string | undefined }[],
): Html =>
  html`<table>
    <thead>
      <tr>
        <th scope="col">${title}</th>
        <th scope="col">Type</th>
        <th scope="col">What</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ name, notes, type, description = "" }) =>
          html`<tr>
            <td><code>${name}</code>${notes}</td>
            <td>${type}</td>
            <td>${prose(description)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;

/** The fields of an object, or what else it is. */
export const fieldsOf = (schema: Schema): Html => {
  const { properties, required = [] } = schema;
  if (!properties) return html`<p>${typeOf(schema)}</p>`;
  const rows = Object.entries(properties).map(([name, field]) => ({
    name,
    notes: required.includes(name) ? ("" as const) : html` <small>optional</small>`,
    type: typeOf(field),
    description: field.description,
  }));
  return tableOf("Field", rows);
};
