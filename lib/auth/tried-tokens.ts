import { createHash } from "node:crypto";

const mostKnown = 10_000;

/** Which tokens were good from where. What has not been used for the longest time is forgotten first. */
export const createTriedTokens = () => {
  const good = new Set<string>();
  const underway = new Map<string, Promise<unknown>>();

  const know = (key: string): void => {
    good.delete(key); // to stand at the end
    good.add(key);
    const [oldest] = good;
    if (good.size > mostKnown && oldest !== undefined) good.delete(oldest);
  };

  return {
    /** A token was given out there. */
    remember: (network: string, token: string): void => know(keyOf(network, token)),

    /**
     * Tries a token, with whether it was good from there before. Who sends the same at the same time waits for the first: so
     * a client whose first requests come all at once is known after one.
     */
    async attempt<Value>(
      { network, token }: { network: string; token: string },
      look: (isKnown: boolean) => Promise<Value>,
    ): Promise<Value> {
      const key = keyOf(network, token);
      const ahead = underway.get(key);
      if (ahead) await ahead; // the first begins at once, so that the others see it
      const looked = look(good.has(key)).then(
        (value) => (know(key), value),
        (error: unknown) => {
          good.delete(key);
          throw error;
        },
      );
      const over = looked.catch(() => {}).finally(() => void (underway.get(key) === over && underway.delete(key)));
      underway.set(key, over);
      return looked;
    },
  };
};

/** The tokens themselves are not kept. */
const keyOf = (network: string, token: string): string =>
  createHash("sha256").update(`${network} ${token}`).digest("base64");
