/** An OpenAPI document as far as the page shows it; ours has no more. */
export type Document = {
  openapi: string;
  info: { title: string; version: string; description?: string };
  tags: Tag[]; // not readonly: Hono's type of JSON has no such lists
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: { schemas: Readonly<Record<string, Schema>> };
};

type Tag = { name: string; description?: string };

export type Operation = {
  tags?: readonly string[];
  summary?: string;
  description?: string;
  parameters?: readonly Parameter[];
  requestBody?: Body & { required?: boolean };
  responses: Readonly<Record<string, Body>>;
};

export type Parameter = { name: string; in: string; required?: boolean; description?: string; schema?: Schema };
export type Body = { description?: string; content?: Readonly<Record<string, Media>> };
export type Media = { schema?: Schema; example?: unknown };

export type Schema = {
  $ref?: string;
  type?: string | readonly string[];
  enum?: readonly unknown[];
  format?: string;
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: Schema | boolean;
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  description?: string;
};
