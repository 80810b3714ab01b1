import type { FailureCount } from '../seam/session-event.ts';

/** Rows of one interval, of whatever strangers do and however many apps there are (SECURITY.md 14). */
export const maxFailureRows = 1000;
/** Above so many rows subjects are told apart no more, and above so many apps neither: the rest is as many rows as there are causes. */
const rowsWithSubject = 800;
const rowsWithApp = 920;

type Kind = Omit<FailureCount, 'count'>;
type Row = { -readonly [field in keyof FailureCount]: FailureCount[field] };

/** Counts every refusal of an interval, exactly, in a bounded number of rows. */
export class FailureCounts {
  #rows = new Map<string, Row>();

  /** Counts one refusal. */
  count(kind: Kind): void {
    const row = this.#row(kind, rowsWithSubject) ?? this.#row({ ...kind, subject: null }, rowsWithApp);
    const counted = row ?? this.#row({ ...kind, app: null, subject: null }, maxFailureRows);
    if (counted !== undefined) counted.count += 1;
  }

  /** Answers the counts and starts again from zero. */
  take(): readonly FailureCount[] {
    if (this.#rows.size === 0) return [];
    const rows = [...this.#rows.values()];
    this.#rows = new Map();
    return rows;
  }

  #row(kind: Kind, limit: number): Row | undefined {
    const key = rowKey(kind);
    const known = this.#rows.get(key);
    if (known !== undefined || this.#rows.size >= limit) return known;
    const row: Row = { ...kind, count: 0 };
    this.#rows.set(key, row);
    return row;
  }
}

/** No cause, transport or app has a blank in it. */
function rowKey({ cause, transport, app, subject }: Kind): string {
  return `${cause} ${transport} ${app ?? ''} ${subject === null ? '' : `/${subject}`}`;
}
