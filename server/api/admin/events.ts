import { EventsQuery, EventStream } from '../../contract/admin/events.ts';
import { RequestRefused } from '../request-failure.ts';
import { actorOf } from './actor.ts';
import type { EventStreams } from './event-streams.ts';
import type { AdminRoutes } from './routes.ts';

/** What happens, as it happens. */
export async function eventRoutes(api: AdminRoutes, streams: EventStreams): Promise<void> {
  api.get(
    '/events',
    {
      config: { access: 'viewer' },
      exposeHeadRoute: false,
      schema: {
        summary: 'Watch what happens (server-sent events)',
        querystring: EventsQuery,
        response: { 200: { description: 'A stream.', content: { 'text/event-stream': { schema: EventStream } } } },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      if (actor.kind === 'local') throw new RequestRefused('forbidden', 'A command is given one answer and no stream.');
      streams.checkRoom(actor);
      reply.hijack();
      reply.raw.writeHead(200, {
        ...definedHeaders(reply.getHeaders()),
        'content-type': 'text/event-stream',
        'x-accel-buffering': 'no',
      });
      reply.raw.write(':\n\n');
      streams.open(actor, reply.raw, lastEventId(request.headers['last-event-id']) ?? request.query.after);
    },
  );
}

function lastEventId(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

function definedHeaders(headers: Record<string, number | string | string[] | undefined>) {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
