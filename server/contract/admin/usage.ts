import Type from 'typebox';
import { strict, Time, TimeSeries } from './fields.ts';

/** Which usage. */
export const UsageQuery = Type.Object(
  {
    ...TimeSeries,
    groupBy: Type.Enum(['none', 'app', 'subject', 'transport'], {
      default: 'none',
      description: 'A point for each of these at each time; a subject is one of its app.',
    }),
  },
  strict,
);

/** What was used in the time from `start` on. Bytes are payload bytes; up is from clients to peers. */
export const UsagePoint = Type.Object({
  start: Time,
  app: Type.String({ description: 'Empty where it is grouped by neither app nor subject, and for TURN users.' }),
  subject: Type.String({ description: 'Or the name of a TURN user. Empty where it is not grouped by subject.' }),
  transport: Type.String({ description: 'Empty where it is not grouped by transport.' }),
  bytesUp: Type.Integer(),
  bytesDown: Type.Integer(),
  packetsUp: Type.Integer(),
  packetsDown: Type.Integer(),
  drops: Type.Integer(),
  allocations: Type.Integer({ description: 'Sessions that began.' }),
  peakBitsPerSecond: Type.Integer({ description: 'Of one subject and transport.' }),
});

/** Usage by time. */
export const Usage = Type.Object({
  resolution: Type.Enum(['minute', 'hour', 'day']),
  from: Time,
  to: Time,
  points: Type.Array(UsagePoint),
});
