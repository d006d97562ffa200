import { html } from "hono/html";
import type { Schema } from "./document.ts";
import { prose } from "./prose.ts";
import { typeOf } from "./type.ts";

type Html = ReturnType<typeof html>;

/** What a value is; what has a name is a link to it. */
export const typeText = (schema: Schema | undefined): Html =>
  html`${typeOf(schema).map((piece) => (typeof piece === "string" ? piece : linkTo(piece.schema)))}`;

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
  if (!properties) return html`<p>${typeText(schema)}</p>`;
  const rows = Object.entries(properties).map(([name, field]) => ({
    name,
    notes: required.includes(name) ? ("" as const) : html` <small>optional</small>`,
    type: typeText(field),
    description: field.description,
  }));
  return tableOf("Field", rows);
};
