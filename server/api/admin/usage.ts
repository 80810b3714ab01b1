import Type from 'typebox';
import { Usage, UsageQuery } from '../../contract/admin/usage.ts';
import { instant } from './instants.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';
import { readRows, readTimeSpan, sendCsv } from './time-series.ts';

const csvColumns = [
  'start',
  'app',
  'subject',
  'transport',
  'bytesUp',
  'bytesDown',
  'packetsUp',
  'packetsDown',
  'drops',
  'allocations',
  'peakBitsPerSecond',
] as const;

/** What was relayed. */
export async function usageRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  const { store } = ports;
  api.get(
    '/usage',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'Read usage by time',
        querystring: UsageQuery,
        response: {
          200: {
            description: 'Usage by time.',
            content: { 'application/json': { schema: Usage }, 'text/csv': { schema: Type.String() } },
          },
        },
      },
    },
    async ({ query }, reply) => {
      const { app = null, subject = null, transport = null, groupBy } = query;
      const span = readTimeSpan(query, store.usage, ports.nowMs());
      const rows = readRows(
        (limit) => store.usage.query({ ...span, app, subject, transport, groupBy, limit }),
        groupBy,
      );
      const points = rows.map(({ startMs, ...row }) => ({ start: instant(startMs), ...row }));
      if (query.format === 'csv') return sendCsv(reply, 'usage', csvColumns, points);
      return reply.send({
        resolution: span.resolution,
        from: instant(span.fromMs),
        to: instant(span.toMs),
        points,
      });
    },
  );
}
