import Type, { type Static } from 'typebox';
import {
  Session,
  SessionList,
  SessionParams,
  SessionQuery,
  SessionsEnded,
  SessionsToEnd,
} from '../../contract/admin/sessions.ts';
import { cidrContains } from '../../stun/cidr.ts';
import { parseIp } from '../../stun/ip-text.ts';
import { RequestRefused } from '../request-failure.ts';
import { actorOf } from './actor.ts';
import { readRange } from './address-ranges.ts';
import type { AdminPorts, LiveSession } from './ports.ts';
import type { AdminRoutes } from './routes.ts';
import { instant } from './instants.ts';

/** Sessions that the relay is asked to end at a time. */
const endedAtOnce = 50;
/** Sessions that one request ends. */
const maxEnded = 10_000;

/**
 * The live allocations: who is on, what each has relayed, and their end. It is written down who ends one before it ends, so that none ends
 * without.
 */
export async function sessionRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  readSessions(api, ports);
  endSessions(api, ports);
}

function readSessions(api: AdminRoutes, ports: AdminPorts): void {
  const { relay } = ports;
  api.get(
    '/sessions',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'List live sessions, the oldest first',
        querystring: SessionQuery,
        response: { 200: SessionList },
      },
    },
    (request) => {
      const { limit, after, ...filter } = request.query;
      const matching = relay.sessions().filter(matcherOf(filter)).toSorted(oldestFirst);
      const following = after === undefined ? matching : matching.filter(isAfter(after));
      const page = following.slice(0, limit);
      const last = page.at(-1);
      return {
        sessions: page.map(sessionDocument),
        next: last === undefined || page.length === following.length ? null : cursorOf(last),
        total: matching.length,
      };
    },
  );

  api.get(
    '/sessions/:id',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Read a live session', params: SessionParams, response: { 200: Session } },
    },
    (request) => {
      const session = relay.sessions().find(({ id }) => id === request.params.id);
      if (session === undefined) throw noSuchSession(request.params.id);
      return sessionDocument(session);
    },
  );
}

function endSessions(api: AdminRoutes, ports: AdminPorts): void {
  const { relay, store } = ports;
  api.delete(
    '/sessions/:id',
    {
      config: { access: 'operator' },
      schema: { summary: 'End a live session', params: SessionParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const session = relay.sessions().find(({ id }) => id === request.params.id);
      if (session === undefined) throw noSuchSession(request.params.id);
      store.mutate(actorOf(request).who, (record) => {
        const { username, client } = session;
        record({ action: 'session.end', target: `session/${session.id}`, before: { username, client }, after: null });
      });
      if (!(await relay.endSession(session.id))) throw noSuchSession(session.id);
      return reply.code(204).send(null);
    },
  );

  api.post(
    '/sessions/end',
    {
      config: { access: 'operator' },
      schema: { summary: 'End every session that fits', body: SessionsToEnd, response: { 200: SessionsEnded } },
    },
    async (request) => {
      const filter = request.body;
      const matching = relay.sessions().filter(matcherOf(filter));
      const ending = matching.slice(0, maxEnded);
      store.mutate(actorOf(request).who, (record) => {
        const after = { sessionsEnding: ending.length };
        record({ action: 'session.end-many', target: 'session', before: filter, after });
      });
      let ended = 0;
      for (let at = 0; at < ending.length; at += endedAtOnce) {
        const results = await Promise.all(ending.slice(at, at + endedAtOnce).map(({ id }) => relay.endSession(id)));
        ended += results.filter(Boolean).length;
      }
      return { ended, remaining: matching.length - ending.length };
    },
  );
}

type Filter = Static<typeof SessionsToEnd>;

function matcherOf({ address, app, subject, user, secret, key, transport }: Filter): (session: LiveSession) => boolean {
  const range = address === undefined ? null : readRange(address, 'address');
  const fits = (wanted: string | undefined, value: string | null): boolean => wanted === undefined || wanted === value;
  return (session) => {
    const { principal } = session;
    const rest = principal.kind === 'rest' ? principal : null;
    if (!fits(app, rest?.app ?? null) || !fits(subject, rest?.subject ?? null)) return false;
    if (!fits(secret, rest?.secretId ?? null) || !fits(key, rest?.keyId ?? null)) return false;
    if (!fits(user, principal.kind === 'static' ? principal.name : null)) return false;
    if (!fits(transport, session.transport)) return false;
    const ip = range === null ? null : parseIp(session.client.address);
    return range === null || (ip !== null && cidrContains(range, ip));
  };
}

function sessionDocument(session: LiveSession): Static<typeof Session> {
  const { principal, relayedAddresses, startedAtMs, ...same } = session;
  const rest = principal.kind === 'rest' ? principal : null;
  return {
    ...same,
    app: rest?.app ?? null,
    subject: rest?.subject ?? null,
    user: principal.kind === 'static' ? principal.name : null,
    secret: rest?.secretId ?? null,
    key: rest?.keyId ?? null,
    relayed: relayedAddresses.map(({ address, port }) => ({ address, port })),
    startedAt: instant(startedAtMs),
  };
}

type Ordered = Pick<LiveSession, 'startedAtMs' | 'id'>;

function oldestFirst(a: Ordered, b: Ordered): number {
  if (a.startedAtMs !== b.startedAtMs) return a.startedAtMs - b.startedAtMs;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Says where a session stands among all, also when it is live no more. */
function cursorOf({ startedAtMs, id }: Ordered): string {
  return `${startedAtMs}.${id}`;
}

function isAfter(cursor: string): (session: Ordered) => boolean {
  const [, startedAtMs, id] = /^([0-9]{1,15})[.](.+)$/s.exec(cursor) ?? [];
  if (startedAtMs === undefined || id === undefined) {
    throw new RequestRefused('invalid_value', `after "${cursor}" is no cursor. Send the next of the page before.`);
  }
  const last = { startedAtMs: Number(startedAtMs), id };
  return (session) => oldestFirst(session, last) > 0;
}

function noSuchSession(id: string): RequestRefused {
  return new RequestRefused('not_found', `There is no live session ${id}: it has ended.`);
}
