type Asking<Value> = { now: Promise<Value>; next: Promise<Value> | undefined };

/**
 * Lets questions about the same thing share their answers. One that comes while another is being answered waits for the
 * next answer: so none is older than its question, and a thousand at once cost two calls.
 */
export const sharing = <Value>(ask: (key: string) => Promise<Value>) => {
  const asking = new Map<string, Asking<Value>>();
  const begin = (key: string): Promise<Value> => {
    const now = ask(key).finally(() => {
      if (asking.get(key)?.now === now) asking.delete(key);
    });
    asking.set(key, { now, next: undefined });
    return now;
  };
  return (key: string): Promise<Value> => {
    const going = asking.get(key);
    if (!going) return begin(key);
    const again = () => begin(key);
    going.next ??= going.now.then(again, again);
    return going.next;
  };
};
