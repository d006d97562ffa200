/** JSON leaves DEL and the C1 controls as they are, and U+009B would rule a terminal as ESC [ does. */
export const escapeControls = (json: string): string =>
  json.replaceAll(/[\x7f-\x9f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
