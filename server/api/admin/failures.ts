import Type, { type Static } from 'typebox';
import { Failures, FailureQuery, type FailurePoint, type FailureSample } from '../../contract/admin/failures.ts';
import { groupOfCause, isFailureCause } from '../../contract/failure-groups.ts';
import type { FailureRow } from '../../store/records.ts';
import { instant } from './instants.ts';
import type { AdminPorts, FailureView } from './ports.ts';
import type { AdminRoutes } from './routes.ts';
import { readRows, readTimeSpan, sendCsv, type TimeSpan } from './time-series.ts';

const csvColumns = ['start', 'cause', 'group', 'app', 'subject', 'transport', 'count'] as const;

/** Why requests were refused. */
export async function failureRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  const { store } = ports;
  api.get(
    '/failures',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'Read how many requests were refused for which cause, with recent ones in full',
        querystring: FailureQuery,
        response: {
          200: {
            description: 'Refused requests.',
            content: { 'application/json': { schema: Failures }, 'text/csv': { schema: Type.String() } },
          },
        },
      },
    },
    async ({ query }, reply) => {
      const { app = null, subject = null, transport = null, groupBy } = query;
      const span = readTimeSpan(query, store.usage, ports.nowMs());
      const wanted = { ...span, app, subject, transport };
      const points = readRows((limit) => store.usage.failurePoints({ ...wanted, groupBy, limit }), groupBy).map(
        pointOf,
      );
      if (query.format === 'csv') return sendCsv(reply, 'failures', csvColumns, points);
      return reply.send({
        resolution: span.resolution,
        from: instant(span.fromMs),
        to: instant(span.toMs),
        causes: causesOf(store.usage.failures(wanted)),
        points,
        samples: samplesOf(ports, query, span),
      });
    },
  );
}

function causesOf(counts: ReadonlyMap<string, number>): Static<typeof Failures>['causes'] {
  return [...counts].flatMap(([cause, count]) =>
    isFailureCause(cause) ? [{ cause, group: groupOfCause(cause), count }] : [],
  );
}

function pointOf({ startMs, cause, ...row }: FailureRow): Static<typeof FailurePoint> {
  const known = isFailureCause(cause) ? cause : null;
  return { start: instant(startMs), cause: known, group: known === null ? null : groupOfCause(known), ...row };
}

function samplesOf(
  { failures }: AdminPorts,
  query: Static<typeof FailureQuery>,
  { fromMs, toMs }: TimeSpan,
): Static<typeof FailureSample>[] {
  const { app, subject, transport, group = null, samples } = query;
  const isWanted = (sample: FailureView): boolean =>
    sample.atMs >= fromMs &&
    sample.atMs <= toMs &&
    (app === undefined || app === (sample.app ?? '')) &&
    (transport === undefined || transport === sample.transport) &&
    (subject === undefined || endsWithSubject(sample.username, subject));
  return failures
    .recent(group)
    .filter(isWanted)
    .slice(0, samples)
    .map(({ atMs, client, ...sample }) => ({
      at: instant(atMs),
      ...sample,
      client: { address: client.address, port: client.port },
    }));
}

/** Of a credential that does not verify nobody knows whose it is: this is what it says. */
function endsWithSubject(username: string | null, subject: string): boolean {
  if (username === null) return false;
  return username === subject || username.endsWith(`:${subject}`) || username.endsWith(`/${subject}`);
}
