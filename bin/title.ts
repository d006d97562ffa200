const mostCharacters = 80;

/** A title with … where the daemon cut the prompt that it is from. One that only just fits looks the same. */
export const shownTitle = (title: string): string => (title.length < mostCharacters ? title : `${title}…`);
