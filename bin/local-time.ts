const digits = (number: number, count = 2): string => String(number).padStart(count, "0");

/** A time of the daemon's as this machine's clocks show it, to the second. Others' words may be no time, and stay. */
export const localTime = (time: string): string => {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  const day = [digits(at.getFullYear(), 4), digits(at.getMonth() + 1), digits(at.getDate())].join("-");
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => digits(part)).join(":")}`;
};
