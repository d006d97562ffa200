import { html } from "hono/html";

/** A text with what stands between backticks as code. */
export const prose = (text: string) =>
  html`${text.split(/`([^`]+)`/).map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : piece))}`;
