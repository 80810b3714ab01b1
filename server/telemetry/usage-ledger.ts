import type { FailureRow, UsageRow } from '../store/records.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
/** Subjects of one app in one minute that have rows of their own; what is beyond is counted together (SECURITY.md 14). */
const maxSubjects = 10_000;
/** Rows that may wait to be written, as they do while the database cannot be; what is beyond is counted together by the hour. */
const defaultMaxRows = 100_000;
/** Whose usage is counted together, because there are too many to tell apart. */
export const otherSubjects = '(others)';

/** Whose session it is: app '' for TURN users, whose subject is their name. */
export interface UsageOwner {
  readonly app: string;
  readonly subject: string;
  readonly transport: string;
}

/** What one session relayed in an interval. */
export interface RelayedAmounts {
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly packetsUp: number;
  readonly packetsDown: number;
  readonly drops: number;
}

type Open<Row> = { -readonly [Name in keyof Row]: Row[Name] };

/**
 * Adds up what is relayed and refused until it is written: by minute, app, subject and transport. Time is a parameter; nothing that was
 * added is lost or counted twice, whatever is taken in between.
 */
export class UsageLedger {
  #usage = new Map<string, Open<UsageRow>>();
  #failures = new Map<string, Open<FailureRow>>();
  #subjects = new Map<string, Set<string>>();
  #subjectsOfMinuteMs = 0;
  readonly #maxRows: number;

  constructor(maxRows = defaultMaxRows) {
    this.#maxRows = maxRows;
  }

  /** An allocation has begun. */
  addAllocation(owner: UsageOwner, nowMs: number): void {
    this.#rowOf(owner, nowMs).allocations += 1;
  }

  /** What sessions relayed in the last `intervalMs`; several of one owner are one rate. */
  addRelayed(amounts: Iterable<readonly [UsageOwner, RelayedAmounts]>, intervalMs: number, nowMs: number): void {
    const bits = new Map<Open<UsageRow>, number>();
    for (const [owner, relayed] of amounts) {
      const row = this.#rowOf(owner, nowMs);
      row.bytesUp += relayed.bytesUp;
      row.bytesDown += relayed.bytesDown;
      row.packetsUp += relayed.packetsUp;
      row.packetsDown += relayed.packetsDown;
      row.drops += relayed.drops;
      bits.set(row, (bits.get(row) ?? 0) + 8 * (relayed.bytesUp + relayed.bytesDown));
    }
    // A report that comes early would show a rate that never was.
    const seconds = Math.max(intervalMs, 1000) / 1000;
    for (const [row, count] of bits) {
      row.peakBitsPerSecond = Math.max(row.peakBitsPerSecond, Math.round(count / seconds));
    }
  }

  /** Requests were refused. */
  addFailures(owner: UsageOwner, cause: string, count: number, nowMs: number): void {
    const startMs = startOf(nowMs, minuteMs);
    this.#failuresAt(startMs, this.#toldApart(owner, startMs), cause).count += count;
  }

  /** How many rows wait. */
  get size(): number {
    return this.#usage.size + this.#failures.size;
  }

  /** All that was added since the last time. */
  take(): { readonly usage: readonly UsageRow[]; readonly failures: readonly FailureRow[] } {
    const taken = { usage: [...this.#usage.values()], failures: [...this.#failures.values()] };
    this.#usage = new Map();
    this.#failures = new Map();
    return taken;
  }

  /** Puts back what could not be written. */
  putBack({
    usage,
    failures,
  }: {
    readonly usage: readonly UsageRow[];
    readonly failures: readonly FailureRow[];
  }): void {
    for (const row of usage) {
      const known = this.#rowAt(row.startMs, row);
      known.bytesUp += row.bytesUp;
      known.bytesDown += row.bytesDown;
      known.packetsUp += row.packetsUp;
      known.packetsDown += row.packetsDown;
      known.drops += row.drops;
      known.allocations += row.allocations;
      known.peakBitsPerSecond = Math.max(known.peakBitsPerSecond, row.peakBitsPerSecond);
    }
    for (const row of failures) this.#failuresAt(row.startMs, row, row.cause).count += row.count;
  }

  #rowOf(owner: UsageOwner, nowMs: number): Open<UsageRow> {
    const startMs = startOf(nowMs, minuteMs);
    return this.#rowAt(startMs, this.#toldApart(owner, startMs));
  }

  #rowAt(startMs: number, { app, subject, transport }: UsageOwner): Open<UsageRow> {
    const key = JSON.stringify([startMs, app, subject, transport]);
    const known = this.#usage.get(key);
    if (known !== undefined) return known;
    const folded = { app, subject: otherSubjects, transport };
    if (this.#isFull && !isFolded(startMs, subject)) return this.#rowAt(startOf(startMs, hourMs), folded);
    const nothing = { bytesUp: 0, bytesDown: 0, packetsUp: 0, packetsDown: 0, drops: 0, allocations: 0 };
    const row = { startMs, app, subject, transport, ...nothing, peakBitsPerSecond: 0 };
    this.#usage.set(key, row);
    return row;
  }

  #failuresAt(startMs: number, { app, subject, transport }: UsageOwner, cause: string): Open<FailureRow> {
    const key = JSON.stringify([startMs, cause, app, subject, transport]);
    const known = this.#failures.get(key);
    if (known !== undefined) return known;
    const folded = { app, subject: otherSubjects, transport };
    if (this.#isFull && !isFolded(startMs, subject)) return this.#failuresAt(startOf(startMs, hourMs), folded, cause);
    const row = { startMs, cause, app, subject, transport, count: 0 };
    this.#failures.set(key, row);
    return row;
  }

  get #isFull(): boolean {
    return this.size >= this.#maxRows;
  }

  #toldApart({ app, subject, transport }: UsageOwner, startMs: number): UsageOwner {
    if (startMs !== this.#subjectsOfMinuteMs) {
      this.#subjects = new Map();
      this.#subjectsOfMinuteMs = startMs;
    }
    const subjects = this.#subjects.get(app) ?? new Set();
    this.#subjects.set(app, subjects);
    if (!subjects.has(subject) && subjects.size >= maxSubjects) return { app, subject: otherSubjects, transport };
    subjects.add(subject);
    return { app, subject, transport };
  }
}

function startOf(atMs: number, lengthMs: number): number {
  return Math.floor(atMs / lengthMs) * lengthMs;
}

/** Whether a row is one that others are folded into: there are few of them. */
function isFolded(startMs: number, subject: string): boolean {
  return subject === otherSubjects && startMs % hourMs === 0;
}
