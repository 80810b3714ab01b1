import type { RouteOptions } from 'fastify';
import type { InjectOptions, Response } from 'light-my-request';
import { onTestFinished } from 'vitest';
import { AdminApi, basePath, type AdminApiOptions } from '../../../server/api/admin/admin-api.ts';
import { EventRing } from '../../../server/api/admin/event-ring.ts';
import { PasswordHashing } from '../../../server/api/admin/identity/password-hashing.ts';
import { hashOfText, newId, newSecretText, mintToken } from '../../../server/api/admin/minted-token.ts';
import type { AdminPorts } from '../../../server/api/admin/ports.ts';
import { createApiServer, type ApiServer } from '../../../server/api/http-server.ts';
import { TrustedProxies } from '../../../server/api/trusted-proxies.ts';
import { sourceOfSocket } from '../../../server/app/http-listener.ts';
import { SetupLink } from '../../../server/app/setup-link.ts';
import { parseCidr } from '../../../server/stun/cidr.ts';
import type { Role, TokenScope } from '../../../server/store/records.ts';
import { openStore, type Store } from '../../../server/store/store.ts';
import { tinyPorts, type TinyRelay } from './tiny-ports.ts';

/** A hash that costs next to nothing. */
export const cheapHashing = { memoryKiB: 8, passes: 1, parallelism: 1 };

/** A password that the rules let pass. */
export const goodPassword = 'correct horse battery staple';

/** When the clock of a world starts. */
export const startMs = Date.UTC(2026, 11, 1, 12);

/** Who calls: nobody, an account, a token, or a command. */
export type Caller = 'nobody' | Role | `token:${TokenScope}`;

/** Everybody that a route is tried as. */
export const callers: readonly Caller[] = [
  'nobody',
  'viewer',
  'operator',
  'owner',
  'token:read',
  'token:operate',
  'token:own',
  'token:metrics',
];

/** A log line that something was told of. */
export interface WorldLog {
  readonly fields: { readonly event: string; readonly [field: string]: unknown };
  readonly message: string;
}

/** How a world is made. */
export interface WorldOptions {
  readonly store?: Store;
  readonly ports?: Partial<AdminPorts>;
  readonly api?: Partial<Pick<AdminApiOptions, 'adminUrl' | 'hashingCost'>>;
  readonly trustedProxies?: readonly string[];
  /** No account is there: the setup link is the way in. */
  readonly isFresh?: boolean;
}

/** The admin API over a store in memory, with a clock that stands until it is moved. */
export interface AdminWorld {
  readonly store: Store;
  readonly ports: AdminPorts;
  readonly api: AdminApi;
  readonly server: ApiServer;
  readonly relay: TinyRelay;
  readonly events: EventRing;
  readonly clock: { nowMs: number };
  readonly logged: readonly WorldLog[];
  /** Ids of the accounts that are there from the start: one of each role, named after it, with `goodPassword`. */
  readonly accountIds: Readonly<Record<Role, string>>;
  /** Headers that make a request the caller's, each time with a sign-in or token that is new. */
  headersOf(caller: Caller): Record<string, string>;
  /** One request below `/admin/v1`, as somebody. */
  call(caller: Caller, options: InjectOptions & { readonly url: string }): Promise<Response>;
}

/** Makes a world that is gone when the test ends. */
export async function adminWorld(options: WorldOptions = {}): Promise<AdminWorld> {
  const clock = { nowMs: startMs };
  const nowMs = () => clock.nowMs;
  const store = options.store ?? openStore({ path: ':memory:', masterKey: new Uint8Array(32).fill(7), nowMs });
  const logged: WorldLog[] = [];
  const events = new EventRing(100, 1_000);
  const log = (fields: WorldLog['fields'], message: string) => void logged.push({ fields, message });
  const setup = new SetupLink({ file: null, consoleUrl: () => 'http://127.0.0.1:8081', nowMs });
  const { ports: tiny, relay } = tinyPorts({ store, nowMs });
  const ports: AdminPorts = { ...tiny, events, setup, log: { warn: log, error: log }, ...options.ports };
  const api = new AdminApi({
    ports,
    proxies: new TrustedProxies((options.trustedProxies ?? []).flatMap((text) => parseCidr(text) ?? [])),
    sourceOf: sourceOfSocket,
    adminUrl: () => null,
    hashingCost: cheapHashing,
    ...options.api,
  });
  const server = api.createListener({ tls: null });
  await server.ready();
  onTestFinished(async () => {
    await server.close();
    await api.close();
    if (options.store === undefined) store.close();
  });
  const accountIds = { owner: newId(), operator: newId(), viewer: newId() };
  const passwordHash = await new PasswordHashing(cheapHashing).hash(goodPassword);
  for (const role of ['owner', 'operator', 'viewer'] as const) {
    if (options.isFresh === true || store.accounts.findByName(role) !== null) continue;
    store.batch(() => store.accounts.create({ id: accountIds[role], username: role, role, passwordHash }));
  }
  const headersOf = (caller: Caller) => credentials(store, accountIds, caller, clock.nowMs);
  const call = (caller: Caller, { url, headers, ...rest }: InjectOptions & { readonly url: string }) =>
    server.inject({ ...rest, url: `${basePath}${url}`, headers: { ...headersOf(caller), ...headers } });
  return { store, ports, api, server, relay, events, clock, logged, accountIds, headersOf, call };
}

const own = { host: 'console.test', origin: 'http://console.test' };

function credentials(
  store: Store,
  accountIds: Readonly<Record<Role, string>>,
  caller: Caller,
  nowMs: number,
): Record<string, string> {
  switch (caller) {
    case 'nobody':
      return { ...own };
    case 'viewer':
    case 'operator':
    case 'owner':
      return { ...own, cookie: cookieFor(store, accountIds[caller], nowMs) };
    case 'token:read':
    case 'token:operate':
    case 'token:own':
    case 'token:metrics': {
      const scope = caller.slice('token:'.length) as TokenScope;
      const { id, text, hash } = mintToken('tpa');
      const token = { id, accountId: null, name: scope, scope, expiresAtMs: nowMs + 3_600_000 };
      store.batch(() => store.adminTokens.create(token, hash));
      return { host: own.host, authorization: `Bearer ${text}` };
    }
  }
}

/** The header Cookie of a new sign-in of an account. */
export function cookieFor(store: Store, accountId: string, nowMs: number): string {
  const text = newSecretText();
  const times = { createdAtMs: nowMs, lastSeenAtMs: nowMs, expiresAtMs: nowMs + 7 * 86_400_000 };
  store.batch(() =>
    store.signIns.create(
      { id: newId(), accountId, address: '192.0.2.1', userAgent: 'test', ...times },
      hashOfText(text),
    ),
  );
  return `turnpike_session=${text}`;
}

/** The cookie that an answer sets, as a request sends it back. */
export function cookieOf(response: Response): string {
  const [cookie] = [response.headers['set-cookie'] ?? ''].flat();
  return String(cookie).split(';')[0] ?? '';
}

/** Every route of the admin API, as its plugin declares it; HEAD is left out, which fastify adds to every GET. */
export async function adminRoutes(): Promise<readonly RouteOptions[]> {
  const nowMs = () => startMs;
  const store = openStore({ path: ':memory:', masterKey: new Uint8Array(32), nowMs });
  const setup = new SetupLink({ file: null, consoleUrl: () => '', nowMs });
  const log = { warn: () => undefined, error: () => undefined };
  const ports = { ...tinyPorts({ store, nowMs }).ports, events: new EventRing(1, 1), setup, log };
  const api = new AdminApi({ ports, proxies: new TrustedProxies([]), sourceOf: String, adminUrl: () => null });
  const routes: RouteOptions[] = [];
  const server = createApiServer({ name: 'routes', tls: null, onFailure: () => undefined, sourceOf: String });
  server.addHook('onRoute', (route) => {
    if (route.method !== 'HEAD') routes.push(route);
  });
  api.registerUnguarded(server);
  await server.ready();
  await server.close();
  await api.close();
  store.close();
  return routes;
}
