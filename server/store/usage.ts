import type { Row, StoreConnection } from './connection.ts';
import type { FailureRow, UsageAmounts, UsageResolution, UsageRow } from './records.ts';
import { nullableNumber } from './row-values.ts';

const minuteMs = 60_000;

/** How long one row of each resolution stands for. */
export const resolutionMs: Readonly<Record<UsageResolution, number>> = {
  minute: minuteMs,
  hour: 60 * minuteMs,
  day: 1_440 * minuteMs,
};

/** What usage rows are put together by. A subject is one of its app. */
export type UsageGrouping = 'none' | 'app' | 'subject' | 'transport';

/** Which usage is asked for. What is omitted or null does not matter. */
export interface UsageQuery {
  readonly resolution: UsageResolution;
  readonly fromMs: number;
  readonly toMs: number;
  readonly app?: string | null;
  readonly subject?: string | null;
  readonly transport?: string | null;
  readonly groupBy: UsageGrouping;
  readonly limit: number;
}

/** Which refusals are asked for. */
export interface FailuresQuery extends Omit<UsageQuery, 'groupBy'> {
  readonly groupBy: UsageGrouping | 'cause';
}

const anyOwner = { app: null, subject: null, transport: null };

/** Of whom a month's bytes are counted. */
export type MonthlyOwner = 'app' | 'user';

/** Whose bytes of a month. */
export interface MonthlyBytes {
  /** E.g. `2026-12`, UTC. */
  readonly month: string;
  readonly kind: MonthlyOwner;
  readonly name: string;
  readonly bytes: number;
}

/** What was relayed and refused, by minute, hour and day: a row is added to, in all three at once. */
export class Usage {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** Adds what was used since the last time, by minute. Within `batch`. */
  add(rows: Iterable<UsageRow>): void {
    for (const row of rows) {
      for (const resolution of ['minute', 'hour', 'day'] as const) {
        this.#store.run(
          `INSERT INTO usage (resolution, start_ms, app, subject, transport, bytes_up, bytes_down, packets_up, packets_down,
             drops, allocations, peak_bits_per_second)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET bytes_up = bytes_up + excluded.bytes_up, bytes_down = bytes_down + excluded.bytes_down,
             packets_up = packets_up + excluded.packets_up, packets_down = packets_down + excluded.packets_down,
             drops = drops + excluded.drops, allocations = allocations + excluded.allocations,
             peak_bits_per_second = max(peak_bits_per_second, excluded.peak_bits_per_second)`,
          resolution,
          startOf(row.startMs, resolution),
          row.app,
          row.subject,
          row.transport,
          row.bytesUp,
          row.bytesDown,
          row.packetsUp,
          row.packetsDown,
          row.drops,
          row.allocations,
          row.peakBitsPerSecond,
        );
      }
    }
  }

  /** Adds refusals, by minute. Within `batch`. */
  addFailures(rows: Iterable<FailureRow>): void {
    for (const row of rows) {
      for (const resolution of ['minute', 'hour', 'day'] as const) {
        this.#store.run(
          `INSERT INTO failures (resolution, start_ms, cause, app, subject, transport, count) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET count = count + excluded.count`,
          resolution,
          startOf(row.startMs, resolution),
          row.cause,
          row.app,
          row.subject,
          row.transport,
          row.count,
        );
      }
    }
  }

  /** Usage by time, and by what it is grouped; what is not grouped by is ''. Peaks are those of single rows. */
  query(query: UsageQuery): readonly UsageRow[] {
    return this.#store
      .all(
        `SELECT start_ms, iif(:groupBy IN ('app', 'subject'), app, '') AS app, iif(:groupBy = 'subject', subject, '') AS subject,
           iif(:groupBy = 'transport', transport, '') AS transport, sum(bytes_up) AS bytes_up, sum(bytes_down) AS bytes_down,
           sum(packets_up) AS packets_up, sum(packets_down) AS packets_down, sum(drops) AS drops,
           sum(allocations) AS allocations, max(peak_bits_per_second) AS peak_bits_per_second
         FROM usage
         WHERE resolution = :resolution AND start_ms >= :fromMs AND start_ms < :toMs AND (:app IS NULL OR app = :app)
           AND (:subject IS NULL OR subject = :subject) AND (:transport IS NULL OR transport = :transport)
         GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 LIMIT :limit`,
        { ...anyOwner, ...query },
      )
      .map(usageOf);
  }

  /** Refusals by cause, in all of the time, the most frequent first. */
  failures(query: Omit<FailuresQuery, 'groupBy' | 'limit'>): ReadonlyMap<string, number> {
    const rows = this.#store.all(
      `SELECT cause, sum(count) AS count FROM failures
       WHERE resolution = :resolution AND start_ms >= :fromMs AND start_ms < :toMs AND (:app IS NULL OR app = :app)
         AND (:subject IS NULL OR subject = :subject) AND (:transport IS NULL OR transport = :transport)
       GROUP BY cause ORDER BY 2 DESC, 1`,
      { ...anyOwner, ...query },
    );
    return new Map(rows.map((row) => [String(row.cause), Number(row.count)]));
  }

  /** Refusals by time, and by what they are grouped; what is not grouped by is ''. */
  failurePoints(query: FailuresQuery): readonly FailureRow[] {
    return this.#store
      .all(
        `SELECT start_ms, iif(:groupBy = 'cause', cause, '') AS cause, iif(:groupBy IN ('app', 'subject'), app, '') AS app,
           iif(:groupBy = 'subject', subject, '') AS subject, iif(:groupBy = 'transport', transport, '') AS transport,
           sum(count) AS count
         FROM failures
         WHERE resolution = :resolution AND start_ms >= :fromMs AND start_ms < :toMs AND (:app IS NULL OR app = :app)
           AND (:subject IS NULL OR subject = :subject) AND (:transport IS NULL OR transport = :transport)
         GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5 LIMIT :limit`,
        { ...anyOwner, ...query },
      )
      .map(failureOf);
  }

  /** When the oldest row of a resolution begins, be it of usage or of refusals; null when there is none. */
  oldest(resolution: UsageResolution): number | null {
    const row = this.#store.get(
      `SELECT min(start_ms) AS oldest FROM (
         SELECT min(start_ms) AS start_ms FROM usage WHERE resolution = :resolution
         UNION ALL SELECT min(start_ms) FROM failures WHERE resolution = :resolution)`,
      { resolution },
    );
    return nullableNumber(row?.oldest);
  }

  /** Adds to the bytes of a month. Within `batch`. */
  addMonthlyBytes(rows: Iterable<MonthlyBytes>): void {
    for (const { month, kind, name, bytes } of rows) {
      this.#store.run(
        `INSERT INTO monthly_bytes (month, kind, name, bytes) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes`,
        month,
        kind,
        name,
        bytes,
      );
    }
  }

  /** The bytes of a month, of all. */
  monthlyBytes(month: string): readonly MonthlyBytes[] {
    return this.#store.all('SELECT * FROM monthly_bytes WHERE month = ?', month).map((row) => ({
      month,
      kind: String(row.kind) as MonthlyOwner,
      name: String(row.name),
      bytes: Number(row.bytes),
    }));
  }

  /** Forgets at most `limit` rows of before a time. Returns how many, so that the caller goes on later when there may be more. */
  forgetBefore(resolution: UsageResolution, atMs: number, limit: number): number {
    return this.#store.transaction(() => {
      const usage = this.#store.run(
        `DELETE FROM usage WHERE (resolution, start_ms, app, subject, transport) IN (
           SELECT resolution, start_ms, app, subject, transport FROM usage WHERE resolution = ? AND start_ms < ? LIMIT ?)`,
        resolution,
        atMs,
        limit,
      );
      const failures = this.#store.run(
        `DELETE FROM failures WHERE (resolution, start_ms, cause, app, subject, transport) IN (
           SELECT resolution, start_ms, cause, app, subject, transport FROM failures
           WHERE resolution = ? AND start_ms < ? LIMIT ?)`,
        resolution,
        atMs,
        limit,
      );
      return usage + failures;
    });
  }
}

function startOf(atMs: number, resolution: UsageResolution): number {
  return Math.floor(atMs / resolutionMs[resolution]) * resolutionMs[resolution];
}

function failureOf(row: Row): FailureRow {
  return {
    startMs: Number(row.start_ms),
    cause: String(row.cause),
    app: String(row.app),
    subject: String(row.subject),
    transport: String(row.transport),
    count: Number(row.count),
  };
}

function usageOf(row: Row): UsageRow {
  const amounts: UsageAmounts = {
    bytesUp: Number(row.bytes_up),
    bytesDown: Number(row.bytes_down),
    packetsUp: Number(row.packets_up),
    packetsDown: Number(row.packets_down),
    drops: Number(row.drops),
    allocations: Number(row.allocations),
    peakBitsPerSecond: Number(row.peak_bits_per_second),
  };
  return {
    startMs: Number(row.start_ms),
    app: String(row.app),
    subject: String(row.subject),
    transport: String(row.transport),
    ...amounts,
  };
}
