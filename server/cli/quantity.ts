import { UsageError } from './usage-error.ts';

const secondsOf = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
]);
const decimal = new Map([
  ['', 1],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
]);
const binary = new Map([
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
]);

/**
 * Reads a time span: `90s`, `15m`, `24h`, `30d`, whole seconds.
 * @param what whose value it is, for the message: `--overlap`
 * @throws UsageError
 */
export function parseDurationS(text: string, what: string): number {
  const seconds = scaled(text, /^(\d{1,9})([smhd])$/, secondsOf);
  if (seconds !== null && seconds > 0) return seconds;
  throw new UsageError(`${what} "${text}" is no time span. Write a number and its unit: 90s, 15m, 24h or 30d.`);
}

/**
 * Reads a number of bytes: `500M`, `2.5T`, `64Gi`; without a unit, bytes.
 * @throws UsageError
 */
export function parseBytes(text: string, what: string): number {
  const bytes = scaled(text, /^(\d{1,15}(?:\.\d{1,3})?)([kMGT]?|[KMGT]i)B?$/, new Map([...decimal, ...binary]));
  if (bytes !== null) return bytes;
  throw new UsageError(`${what} "${text}" is no size. Write bytes, or a number with k, M, G or T: 500M, 2.5T, 64Gi.`);
}

/**
 * Reads bits per second: `8M`, `500k`, `1.5G`; without a unit, bits per second.
 * @throws UsageError
 */
export function parseBitsPerSecond(text: string, what: string): number {
  const rate = scaled(text, /^(\d{1,15}(?:\.\d{1,3})?)([kMG]?)$/, decimal);
  if (rate !== null) return rate;
  throw new UsageError(`${what} "${text}" is no bit rate. Write bits a second, or a number with k, M or G: 500k, 8M.`);
}

/**
 * Reads a whole number from `least` on.
 * @throws UsageError
 */
export function parseCount(text: string, what: string, least = 0): number {
  if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
  throw new UsageError(`${what} "${text}" is no whole number from ${least} on. Write digits alone.`);
}

/** A whole number of the smallest unit, or null. */
function scaled(text: string, form: RegExp, units: ReadonlyMap<string, number>): number | null {
  const [, number = '', unit = ''] = form.exec(text) ?? [];
  const factor = units.get(unit);
  if (number === '' || factor === undefined) return null;
  const value = Math.round(Number(number) * factor);
  return Number.isSafeInteger(value) ? value : null;
}
