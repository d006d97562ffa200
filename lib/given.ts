/** The fields of an object that have a value, for types that do not take `undefined` as one. */
export type Given<Values> = { [Name in keyof Values]?: Exclude<Values[Name], undefined> };

export const withoutUndefined = <Values extends object>(values: Values): Given<Values> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<Values>; // what is undefined is gone
