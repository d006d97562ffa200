type Flight<Value> = { now: Promise<Value>; next: Promise<Value> | undefined };

/**
 * Lets questions about the same thing share their answers. One that comes while another is being answered waits for the
 * next answer: so none is older than its question, and a thousand at once cost two calls.
 */
export const sharing = <Value>(ask: (key: string) => Promise<Value>) => {
  const flights = new Map<string, Flight<Value>>();
  const fly = (key: string): Promise<Value> => {
    const now = ask(key).finally(() => {
      if (flights.get(key)?.now === now) flights.delete(key);
    });
    flights.set(key, { now, next: undefined });
    return now;
  };
  return (key: string): Promise<Value> => {
    const flight = flights.get(key);
    if (!flight) return fly(key);
    const again = () => fly(key);
    flight.next ??= flight.now.then(again, again);
    return flight.next;
  };
};
