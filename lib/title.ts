/** The most characters of a title. */
export const titleLength = 80;

/** How a prompt begins. */
export const titleOf = (prompt: string): string => prompt.trim().slice(0, titleLength).replaceAll(/\s+/g, " ");
