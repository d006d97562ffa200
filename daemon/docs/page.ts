import { html, raw } from "hono/html";
import type { Body, Document, Media, Parameter } from "./document.ts";
import { groupsOf, type Route } from "./groups.ts";
import { prose } from "./prose.ts";
import { fieldsOf, tableOf, typeText } from "./schema.ts";

type Html = ReturnType<typeof html>;

/** The API for people, without a script and with nothing to load: all that is not ours is escaped. Pure. */
export const renderPage = async (document: Document, style: string): Promise<string> => {
  const { info, components } = document;
  const groups = groupsOf(document);
  const schemas = Object.entries(components.schemas).toSorted(([one], [other]) => one.localeCompare(other));
  return String(
    await html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width" />
          <title>${info.title} API</title>
          ${raw(`<style>${style}</style>`)}
        </head>
        <body>
          <nav aria-label="Routes and schemas">
            ${groups.map(
              ({ title, routes }) =>
                html`<h2>${title}</h2>
                  <ul>
                    ${routes.map((route) => html`<li><a href="#${idOf(route)}">${nameOf(route)}</a></li>`)}
                  </ul>`,
            )}
            <h2>Schemas</h2>
            <ul>
              ${schemas.map(([name]) => html`<li><a href="#schema-${name}">${name}</a></li>`)}
            </ul>
          </nav>
          <main>
            <h1>${info.title} API <small>${info.version}</small></h1>
            <p>${prose(info.description ?? "")} For programs: <a href="openapi.json">openapi.json</a>.</p>
            ${groups.map(
              ({ title, description, routes }) =>
                html`<h2>${title}</h2>
                  <p>${prose(description)}</p>
                  ${routes.map(section)}`,
            )}
            <h2>Schemas</h2>
            ${schemas.map(
              ([name, schema]) =>
                html`<section id="schema-${name}">
                  <h3>${name}</h3>
                  <p>${prose(schema.description ?? "")}</p>
                  ${fieldsOf(schema)}
                </section>`,
            )}
          </main>
        </body>
      </html>`,
  );
};

const idOf = ({ method, path }: Route): string => `${method.toLowerCase()}${path.replaceAll(/[^a-z0-9]+/g, "-")}`;
const nameOf = ({ method, path }: Route): Html => html`<b class="${method.toLowerCase()}">${method}</b> ${path}`;

const section = (route: Route): Html => {
  const { summary = "", description = "", parameters = [], requestBody, responses } = route.operation;
  const [good, bad] = [true, false].map((isGood) =>
    Object.entries(responses).filter(([status]) => status.startsWith("2") === isGood),
  );
  return html`<section id="${idOf(route)}">
    <h3>${nameOf(route)}</h3>
    <p><strong>${prose(summary)}</strong></p>
    <p>${prose(description)}</p>
    ${parameters.length === 0 ? "" : parameterTable(parameters)}
    ${
      requestBody
        ? html`<h4>Body</h4>
            ${bodyOf(requestBody)}`
        : ""
    }
    ${good?.map(
      ([status, body]) =>
        html`<h4>${status} ${prose(body.description ?? "")}</h4>
          ${bodyOf(body)}`,
    )}
    <details>
      <summary>Errors</summary>
      <ul>
        ${bad?.map(([status, body]) => html`<li><b>${status}</b> ${prose(body.description ?? "")}</li>`)}
      </ul>
    </details>
  </section>`;
};

const parameterTable = (parameters: readonly Parameter[]): Html =>
  tableOf(
    "Parameter",
    parameters.map(({ name, in: where, required, schema, description }) => ({
      name,
      notes: html` <small>${where}${required ? "" : ", optional"}</small>`,
      type: typeText(schema),
      description,
    })),
  );

const bodyOf = ({ content = {} }: Body): Html =>
  html`${Object.entries(content).map(([type, media]) => mediaOf(type, media))}`;

const mediaOf = (type: string, { schema, example }: Media): Html =>
  html`<p><code>${type}</code>: ${typeText(schema)}</p>
    ${example === undefined ? "" : html`<pre tabindex="0">${JSON.stringify(example, undefined, 2)}</pre>`}`;
