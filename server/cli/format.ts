const steps = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const rateSteps = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'] as const;

/** A number of bytes with three digits or so: `1.2 GB`. */
export function formatBytes(bytes: number): string {
  return inSteps(bytes, steps);
}

/** A bit rate with three digits or so: `8 Mbit/s`. */
export function formatBitsPerSecond(bitsPerSecond: number): string {
  return inSteps(bitsPerSecond, rateSteps);
}

/** A moment of a document (RFC 3339) in a column: `2026-03-01 12:00Z`; `-` for none. */
export function formatMoment(at: string | null | undefined): string {
  if (at === null || at === undefined) return '-';
  const moment = new Date(at);
  return Number.isNaN(moment.getTime()) ? at : `${moment.toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

/** A value that may be none, `none` standing for it. */
export function orNone<Value>(value: Value | null | undefined, format: (value: Value) => string): string {
  return value === null || value === undefined ? 'none' : format(value);
}

/** `1 session`, `2 sessions`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function inSteps(value: number, units: readonly string[]): string {
  let scaled = value;
  let step = 0;
  while (scaled >= 999.5 && step < units.length - 1) {
    scaled /= 1000;
    step++;
  }
  const digits = step === 0 || scaled >= 100 ? 0 : 1;
  return `${scaled.toFixed(digits).replace(/\.0$/, '')} ${units[step]}`;
}
