import Type from 'typebox';
import {
  NewTurnUser,
  TurnUser,
  TurnUserChange,
  TurnUserList,
  TurnUserParams,
  TurnUserQuery,
} from '../../contract/admin/turn-users.ts';
import { maxUsernameBytes } from '../../contract/limits.ts';
import { staticUser } from '../../credentials/credential-set.ts';
import { opaqueString } from '../../credentials/opaque-string.ts';
import { parseRestUsername } from '../../credentials/rest-username.ts';
import type { TurnUserFields, TurnUserRecord } from '../../store/records.ts';
import { RequestRefused } from '../request-failure.ts';
import { actorOf } from './actor.ts';
import { instant, instantOrNull, readFutureInstant } from './instants.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';
import { SessionCounts } from './session-counts.ts';
import { entityTag, expectVersion } from './versions.ts';

/** Users with a fixed password, for devices and tests. */
export async function turnUserRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  readTurnUsers(api, ports);
  makeTurnUsers(api, ports);
  changeTurnUsers(api, ports);
}

function readTurnUsers(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.get(
    '/turn-users',
    {
      config: { access: 'viewer' },
      schema: { summary: 'List TURN users by name', querystring: TurnUserQuery, response: { 200: TurnUserList } },
    },
    (request) => {
      const { limit, after = '' } = request.query;
      const users = store.turnUsers.list(limit + 1, after);
      const shown = users.slice(0, limit);
      const counts = new SessionCounts(ports.relay.sessions());
      return {
        users: shown.map((user) => userDocument(ports, user, counts)),
        next: users.length > limit ? (shown.at(-1)?.name ?? null) : null,
      };
    },
  );

  api.get(
    '/turn-users/:name',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Read a TURN user', params: TurnUserParams, response: { 200: TurnUser } },
    },
    async (request, reply) => {
      const user = userAt(ports, request.params.name);
      return reply.header('etag', entityTag(user.version)).send(userDocument(ports, user));
    },
  );
}

function makeTurnUsers(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.post(
    '/turn-users',
    {
      config: { access: 'operator' },
      schema: { summary: 'Make a TURN user', body: NewTurnUser, response: { 201: TurnUser } },
    },
    async (request, reply) => {
      const { name: givenName, password, ...wishes } = request.body;
      const name = checkedName(ports, givenName);
      const fields = fieldsOf(wishes, unlimited, ports.nowMs());
      const realm = ports.configured.realm();
      const user = store.mutate(actorOf(request).who, (record) => {
        if (store.turnUsers.get(name) !== null) {
          throw new RequestRefused('conflict', `There is a TURN user "${name}" already. Change that one.`);
        }
        store.turnUsers.create(name, realm, staticUser(name, realm, checkedPassword(password)), fields);
        record({ action: 'turn-user.create', target: `turn-user/${name}`, before: null, after: fields });
        return userAt(ports, name);
      });
      return reply.code(201).header('etag', entityTag(user.version)).send(userDocument(ports, user));
    },
  );
}

function changeTurnUsers(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.patch(
    '/turn-users/:name',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Change a TURN user; another password ends its sessions',
        params: TurnUserParams,
        body: TurnUserChange,
        response: { 200: TurnUser },
      },
    },
    async (request, reply) => {
      const { password, ...wishes } = request.body;
      const user = store.mutate(actorOf(request).who, (record) => {
        const before = userAt(ports, request.params.name);
        expectNotConfigured(ports, before.name);
        expectVersion(request, before.version, `the TURN user "${before.name}"`);
        const fields = fieldsOf(wishes, before, ports.nowMs());
        store.turnUsers.update(before.name, before.version, fields);
        if (password !== undefined) {
          const realm = ports.configured.realm();
          store.turnUsers.setKeys(before.name, realm, staticUser(before.name, realm, checkedPassword(password)));
        }
        record({
          action: 'turn-user.change',
          target: `turn-user/${before.name}`,
          before: limitsOf(before),
          after: { ...fields, ...(password === undefined ? {} : { password: 'changed' }) },
        });
        return userAt(ports, before.name);
      });
      return reply.header('etag', entityTag(user.version)).send(userDocument(ports, user));
    },
  );

  api.delete(
    '/turn-users/:name',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Delete a TURN user; its sessions end within two seconds',
        params: TurnUserParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      store.mutate(actorOf(request).who, (record) => {
        const user = userAt(ports, request.params.name);
        store.turnUsers.delete(user.name);
        record({ action: 'turn-user.delete', target: `turn-user/${user.name}`, before: limitsOf(user), after: null });
      });
      return reply.code(204).send(null);
    },
  );
}

const unlimited: TurnUserFields = { expiresAtMs: null, allocations: null, bitsPerSecond: null, bytesPerMonth: null };

/** @param given as a path has it, in whichever way it was typed */
function userAt(ports: AdminPorts, given: string): TurnUserRecord {
  const name = opaqueString(given) ?? given;
  const user = ports.store.turnUsers.get(name);
  if (user !== null) return user;
  expectNotConfigured(ports, name);
  throw new RequestRefused('not_found', `There is no TURN user "${name}".`);
}

function expectNotConfigured({ configured }: AdminPorts, name: string): void {
  const origin = configured.userOrigin(name);
  if (origin === null) return;
  throw new RequestRefused('locked', `The TURN user "${name}" is set by ${origin}. Change turn.users there.`);
}

const disallowed = 'has characters that the protocol does not allow (controls, invisible ones; RFC 8265 section 4.2).';

function checkedName(ports: AdminPorts, given: string): string {
  const name = opaqueString(given);
  if (name === null) throw new RequestRefused('invalid_value', `name ${disallowed} Choose another.`);
  const bytes = Buffer.byteLength(name);
  if (bytes > maxUsernameBytes) {
    throw new RequestRefused('invalid_value', `name is ${bytes} bytes long. Write at most ${maxUsernameBytes}.`);
  }
  if (name.includes(':') && parseRestUsername(name) !== null) {
    throw new RequestRefused(
      'invalid_value',
      `name "${name}" reads as a time-limited username, <unix-expiry>:<subject>. Put a letter before the digits.`,
    );
  }
  expectNotConfigured(ports, name);
  return name;
}

/** The reason does not repeat it. */
function checkedPassword(given: string): string {
  const password = opaqueString(given);
  if (password === null) throw new RequestRefused('invalid_value', `password ${disallowed} Choose another.`);
  return password;
}

type Wishes = Omit<Type.Static<typeof TurnUserChange>, 'password'>;

function fieldsOf(wishes: Wishes, present: TurnUserFields, nowMs: number): TurnUserFields {
  const { expiresAt, ...same } = wishes;
  return {
    ...limitsOf(present),
    ...same,
    ...(expiresAt === undefined ? {} : { expiresAtMs: readFutureInstant(expiresAt, 'expiresAt', nowMs) }),
  };
}

function limitsOf({ expiresAtMs, allocations, bitsPerSecond, bytesPerMonth }: TurnUserFields): TurnUserFields {
  return { expiresAtMs, allocations, bitsPerSecond, bytesPerMonth };
}

function userDocument(
  ports: AdminPorts,
  user: TurnUserRecord,
  counts = new SessionCounts(ports.relay.sessions()),
): Type.Static<typeof TurnUser> {
  const { name, realm, allocations, bitsPerSecond, bytesPerMonth, version } = user;
  return {
    name,
    realm,
    expiresAt: instantOrNull(user.expiresAtMs),
    allocations,
    bitsPerSecond,
    bytesPerMonth,
    createdAt: instant(user.createdAtMs),
    updatedAt: instant(user.updatedAtMs),
    version,
    liveSessions: counts.ofUser(name),
    bytesThisMonth: ports.bytesThisMonth('user', name),
  };
}
