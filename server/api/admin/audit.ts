import { Readable } from 'node:stream';
import Type, { type Static } from 'typebox';
import { AuditExportQuery, AuditPage, AuditQuery, type AuditLine } from '../../contract/admin/audit.ts';
import type { AuditQuery as StoreQuery } from '../../store/audit-log.ts';
import type { AuditRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { csvLine } from './csv.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';
import { instant, readInstant } from './instants.ts';

/** Lines that an export reads at once: other requests come between. */
const exportPage = 500;

const csvColumns = ['id', 'at', 'actorKind', 'actorId', 'actorName', 'address', 'action', 'target', 'before', 'after'];

/** Who changed what. */
export async function auditRoutes(api: AdminRoutes, { store }: AdminPorts): Promise<void> {
  const config = { access: 'viewer' } as const;

  api.get(
    '/audit',
    { config, schema: { summary: 'List changes', querystring: AuditQuery, response: { 200: AuditPage } } },
    ({ query }) => {
      const { limit } = query;
      const lines = store.audit.list({ ...filterOf(query), beforeId: query.after ?? null, limit: limit + 1 });
      const page = lines.slice(0, limit);
      return { lines: page.map(view), next: lines.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );

  api.get(
    '/audit/export',
    {
      config,
      schema: {
        summary: 'Export changes, all that match',
        querystring: AuditExportQuery,
        response: {
          200: {
            description: 'One line a change.',
            content: {
              'application/x-ndjson': { schema: Type.String() },
              'text/csv': { schema: Type.String() },
            },
          },
        },
      },
    },
    async ({ query }, reply) => {
      const isCsv = query.format === 'csv';
      const text = isCsv ? csvOf(linesOf(store, query)) : ndjsonOf(linesOf(store, query));
      reply.raw.on('close', () => text.return(undefined));
      return reply
        .type(isCsv ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
        .header('content-disposition', `attachment; filename="turnpike-audit.${isCsv ? 'csv' : 'ndjson'}"`)
        .send(Readable.from(text, { objectMode: false }) as unknown as string);
    },
  );
}

type Filters = Pick<Static<typeof AuditQuery>, 'from' | 'to' | 'actor' | 'action' | 'target'>;

function filterOf({ from, to, actor, action, target }: Filters): Omit<StoreQuery, 'beforeId' | 'limit'> {
  return {
    fromMs: from === undefined ? null : readInstant(from, 'from'),
    toMs: to === undefined ? null : readInstant(to, 'to'),
    actor: actor ?? null,
    action: action ?? null,
    target: target ?? null,
  };
}

function* linesOf(store: Store, filters: Filters): Generator<AuditRecord> {
  let beforeId: number | null = null;
  for (;;) {
    const page: readonly AuditRecord[] = store.audit.list({ ...filterOf(filters), beforeId, limit: exportPage });
    yield* page;
    if (page.length < exportPage) return;
    beforeId = page.at(-1)?.id ?? null;
  }
}

function* ndjsonOf(lines: Iterable<AuditRecord>): Generator<string> {
  for (const line of lines) yield `${JSON.stringify(view(line))}\n`;
}

function* csvOf(lines: Iterable<AuditRecord>): Generator<string> {
  yield csvLine(csvColumns);
  for (const { id, atMs, actor, address, action, target, before, after } of lines) {
    yield csvLine([
      String(id),
      instant(atMs),
      actor.kind,
      actor.id,
      actor.name,
      address ?? '',
      action,
      target,
      JSON.stringify(before),
      JSON.stringify(after),
    ]);
  }
}

function view({ atMs, ...line }: AuditRecord): Static<typeof AuditLine> {
  return { ...line, at: instant(atMs) };
}
