import type { FastifyReply } from 'fastify';
import type { UsageResolution } from '../../store/records.ts';
import { resolutionMs, type Usage } from '../../store/usage.ts';
import { RequestRefused } from '../request-failure.ts';
import { csvLine } from './csv.ts';
import { instant, readInstant } from './instants.ts';

const dayMs = resolutionMs.day;
/** Steps that `auto` has at most, unless even days are more: what a chart shows. */
const autoSteps = 400;
const maxSteps = 1_500;
/** Rows of an answer, those of all groups together. */
const maxRows = 20_000;

/** The time that is told of, in whole steps. */
export interface TimeSpan {
  readonly resolution: UsageResolution;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Over which time, and in what steps. */
export interface TimeQuery {
  readonly from?: string;
  readonly to?: string;
  readonly resolution: UsageResolution | 'auto';
}

/**
 * Reads which time is asked for. It begins with the step that `from` is in.
 * @throws RequestRefused `invalid_value`
 */
export function readTimeSpan(query: TimeQuery, usage: Pick<Usage, 'oldest'>, nowMs: number): TimeSpan {
  const toMs = query.to === undefined ? nowMs : readInstant(query.to, 'to');
  const fromMs = query.from === undefined ? toMs - dayMs : readInstant(query.from, 'from');
  if (fromMs >= toMs) {
    throw new RequestRefused('invalid_value', `from ${instant(fromMs)} is not before to ${instant(toMs)}.`);
  }
  const resolution = query.resolution === 'auto' ? finest({ fromMs, toMs }, usage) : query.resolution;
  const stepMs = resolutionMs[resolution];
  if ((toMs - fromMs) / stepMs > maxSteps) {
    throw new RequestRefused(
      'invalid_value',
      `From ${instant(fromMs)} to ${instant(toMs)} there are more than ${maxSteps} steps of a ${resolution}. Ask for less time` +
        `${resolution === 'day' ? '' : ', or for a coarser resolution'}.`,
    );
  }
  return { resolution, fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs };
}

/**
 * Reads no more rows than an answer has.
 * @param query gives so many rows at most
 * @throws RequestRefused `invalid_value` when there are more
 */
export function readRows<Row>(query: (limit: number) => readonly Row[], groupBy: string): readonly Row[] {
  const rows = query(maxRows + 1);
  if (rows.length <= maxRows) return rows;
  throw new RequestRefused(
    'invalid_value',
    `There are more than ${maxRows} points grouped by ${groupBy}. Ask for less time, for a coarser resolution, or for one app.`,
  );
}

/** Answers with rows for a spreadsheet. Every row has the same keys, which become the heads of the columns. */
export function sendCsv<Row extends object>(
  reply: FastifyReply,
  name: string,
  columns: readonly (keyof Row & string)[],
  rows: readonly Row[],
): FastifyReply {
  const lines = rows.map((row) => csvLine(columns.map((column) => String(row[column] ?? ''))));
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="turnpike-${name}.csv"`)
    .send([csvLine(columns), ...lines].join(''));
}

/** The finest resolution that has not too many steps, and that has not been forgotten by now where a coarser one is kept. */
function finest({ fromMs, toMs }: Omit<TimeSpan, 'resolution'>, usage: Pick<Usage, 'oldest'>): UsageResolution {
  const oldestDayMs = usage.oldest('day') ?? -Infinity;
  for (const resolution of ['minute', 'hour'] as const) {
    if ((toMs - fromMs) / resolutionMs[resolution] > autoSteps) continue;
    const oldestMs = usage.oldest(resolution);
    if (oldestMs !== null && (oldestMs <= fromMs || oldestMs < oldestDayMs + dayMs)) return resolution;
    if (oldestMs === null && oldestDayMs === -Infinity) return resolution;
  }
  return 'day';
}
