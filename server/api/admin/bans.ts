import Type, { type Static } from 'typebox';
import { Ban, BanList, BanParams, CreatedBan, NewBan } from '../../contract/admin/bans.ts';
import { opaqueString } from '../../credentials/opaque-string.ts';
import type { BanRecord, BanTarget } from '../../store/records.ts';
import { cidrContains, formatCidr, type Cidr } from '../../stun/cidr.ts';
import { parseIp } from '../../stun/ip-text.ts';
import { RequestRefused } from '../request-failure.ts';
import { actorOf, nameOf, type RequestActor } from './actor.ts';
import { readBannedRange, readRange } from './address-ranges.ts';
import { appAt } from './app-documents.ts';
import { instant, instantOrNull, readFutureInstant } from './instants.ts';
import { newId } from './minted-token.ts';
import type { AdminPorts, LiveSession } from './ports.ts';
import type { AdminRoutes } from './routes.ts';

/** Bans at a time: the relay looks each client up among them. */
const maxBans = 10_000;
/** A range of more addresses than this is banned only on purpose. */
const widestIpv4Prefix = 8;
const widestIpv6Prefix = 24;

/** Who is shut out, by address, subject or TURN user. */
export async function banRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  readBans(api, ports);
  changeBans(api, ports);
}

function readBans(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.get(
    '/bans',
    { config: { access: 'viewer' }, schema: { summary: 'List the bans in force', response: { 200: BanList } } },
    () => ({
      bans: store.bans
        .list()
        .filter((ban) => isInForce(ban, ports.nowMs()))
        .map(banDocument),
    }),
  );

  api.get(
    '/bans/:id',
    { config: { access: 'viewer' }, schema: { summary: 'Read a ban', params: BanParams, response: { 200: Ban } } },
    (request) => banDocument(banAt(ports, request.params.id)),
  );
}

function changeBans(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.post(
    '/bans',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Ban an address, a range, a subject of an app, or a TURN user',
        body: NewBan,
        response: { 201: CreatedBan },
      },
    },
    async (request, reply) => {
      const { target: given, reason, expiresAt, force = false } = request.body;
      const actor = actorOf(request);
      const expiresAtMs = readFutureInstant(expiresAt, 'expiresAt', ports.nowMs());
      const { target, isWidened } = checkedTarget(ports, given, force ? null : actor);
      const sessionsEnding = ports.relay.sessions().filter(isHit(target)).length;
      const ban = store.mutate(actor.who, (record) => {
        store.bans.sweep();
        if (store.bans.list().length >= maxBans) {
          throw new RequestRefused(
            'conflict',
            `There are ${maxBans} bans, which is the most. Lift some, or ban a range.`,
          );
        }
        const made = store.bans.create({ id: newId(), target, reason, expiresAtMs, createdBy: nameOf(actor) });
        record({
          action: 'ban.create',
          target: `ban/${made.id}`,
          before: null,
          after: { target, reason, expiresAtMs, sessionsEnding },
        });
        return made;
      });
      return reply.code(201).send({ ban: banDocument(ban), sessionsEnding, isWidened });
    },
  );

  api.delete(
    '/bans/:id',
    {
      config: { access: 'operator' },
      schema: { summary: 'Lift a ban', params: BanParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      store.mutate(actorOf(request).who, (record) => {
        const { id, target, reason } = banAt(ports, request.params.id);
        store.bans.delete(id);
        record({ action: 'ban.delete', target: `ban/${id}`, before: { target, reason }, after: null });
      });
      return reply.code(204).send(null);
    },
  );
}

function banAt({ store, nowMs }: AdminPorts, id: string): BanRecord {
  const ban = store.bans.get(id);
  if (ban !== null && isInForce(ban, nowMs())) return ban;
  throw new RequestRefused('not_found', `There is no ban ${id}: it has run out or was lifted.`);
}

function isInForce({ expiresAtMs }: BanRecord, nowMs: number): boolean {
  return expiresAtMs === null || expiresAtMs > nowMs;
}

interface CheckedTarget {
  readonly target: BanTarget;
  readonly isWidened: boolean;
}

/** @param askedBy whose own address may not be hit; null: it was said to be meant */
function checkedTarget(ports: AdminPorts, given: BanTarget, askedBy: RequestActor | null): CheckedTarget {
  switch (given.kind) {
    case 'subject':
      appAt(ports, given.app);
      return { target: given, isWidened: false };
    case 'user':
      return { target: { kind: 'user', name: knownUserName(ports, given.name) }, isWidened: false };
    case 'address': {
      const { range, isWidened } = readBannedRange(given.range, 'target.range');
      if (askedBy !== null) refuseTooWide(range, askedBy);
      return { target: { kind: 'address', range: formatCidr(range) }, isWidened };
    }
  }
}

/** A ban of a name that is mistyped would shut out nobody, and nobody would notice. */
function knownUserName({ store, configured }: AdminPorts, given: string): string {
  const name = opaqueString(given) ?? given;
  if (store.turnUsers.get(name) !== null || configured.userOrigin(name) !== null) return name;
  throw new RequestRefused(
    'not_found',
    `There is no TURN user "${given}". Whom an app names is banned as its subject.`,
  );
}

function refuseTooWide(range: Cidr, { who }: RequestActor): void {
  const text = formatCidr(range);
  if (range.prefixLength < (range.ip.family === 4 ? widestIpv4Prefix : widestIpv6Prefix)) {
    throw new RequestRefused('conflict', `${text} is a large part of the internet. Set force to ban it all the same.`);
  }
  const own = who.kind === 'account' || who.kind === 'token' ? parseIp(who.address ?? '') : null;
  if (own !== null && cidrContains(range, own)) {
    throw new RequestRefused('conflict', `${text} holds your own address. Set force to ban it all the same.`);
  }
}

/** Whether a ban of this target ends a session. */
function isHit(target: BanTarget): (session: LiveSession) => boolean {
  switch (target.kind) {
    case 'address': {
      const range = readRange(target.range, 'range');
      return ({ client }) => {
        const ip = parseIp(client.address);
        return ip !== null && cidrContains(range, ip);
      };
    }
    case 'subject':
      return ({ principal }) =>
        principal.kind === 'rest' && principal.app === target.app && principal.subject === target.subject;
    case 'user':
      return ({ principal }) => principal.kind === 'static' && principal.name === target.name;
  }
}

function banDocument({ id, target, reason, expiresAtMs, createdAtMs, createdBy }: BanRecord): Static<typeof Ban> {
  return {
    id,
    target: { ...target },
    reason,
    expiresAt: instantOrNull(expiresAtMs),
    createdAt: instant(createdAtMs),
    createdBy,
  };
}
