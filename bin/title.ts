import { titleLength } from "../lib/title.ts";

/** A title with … where the daemon cut the prompt that it is from. One that only just fits looks the same. */
export const shownTitle = (title: string): string => (title.length < titleLength ? title : `${title}…`);
