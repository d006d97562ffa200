import { StromboliError } from "../errors.ts";

/** The refusal of a token, or of none. */
export const unauthorized = (message: string): StromboliError =>
  new StromboliError("unauthorized", message, { headers: { "WWW-Authenticate": "Bearer" } });
