import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  IceServersRequest,
  RoomTokenRequest,
  type IceServersRequest as IceServersBody,
  type RoomToken,
  type RoomTokenRequest as RoomTokenBody,
} from '../../contract/public/applications.ts';
import { isSubject } from '../../contract/control.ts';
import { defaultRoomTokenTtlS, maxSubjectBytes } from '../../contract/limits.ts';
import type { IceServersDocument } from '../../credentials/ice-servers.ts';
import { StoreError } from '../../store/store-error.ts';
import { ApiKeyAuth, type ApiKeyAccess } from '../api-key-auth.ts';
import { problem } from '../problem.ts';
import { RequestRate } from '../request-rate.ts';
import { RequestRefused } from '../request-failure.ts';
import type { ApplicationPorts } from './ports.ts';
import { signRoomToken } from './room-token.ts';

/** How often it is written when keys were last used. */
const flushMs = 10_000;

const bearer = /^Bearer +([^ ]+) *$/i;
const iceServersPath = '/v1/ice-servers';
const roomTokensPath = '/v1/room-tokens';

/**
 * What the back ends of applications ask for, each with an API key (DESIGN.md section 7): `POST /v1/ice-servers` and
 * `POST /v1/room-tokens`. No browser of another site is answered: there is no CORS here, because a page that has the key has given it away.
 */
export async function applicationRoutes(server: FastifyInstance, ports: ApplicationPorts): Promise<void> {
  const door = new ApplicationDoor(ports);
  const timer = setInterval(() => door.flush(), flushMs).unref();
  server.addHook('onClose', (_server, done) => {
    clearInterval(timer);
    door.close();
    done();
  });
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('cache-control', 'no-store');
    if (request.method !== 'OPTIONS') door.admit(request, reply);
    if (!reply.sent) done();
  });
  // A request without a document is one without wishes.
  server.addHook('preValidation', (request, _reply, done) => {
    request.body ??= {};
    done();
  });
  server.post<{ Body: IceServersBody }>(iceServersPath, { schema: { body: IceServersRequest } }, (request, reply) =>
    reply.code(201).send(iceServersFor(ports, door.accessOf(request), request.body)),
  );
  server.post<{ Body: RoomTokenBody }>(roomTokensPath, { schema: { body: RoomTokenRequest } }, (request, reply) =>
    reply.code(201).send(roomTokenFor(ports, door.accessOf(request), request.body)),
  );
  for (const path of [iceServersPath, roomTokensPath]) {
    server.options(path, (_request, reply) => problem(reply, 'foreign_origin', noBrowsers));
  }
}

const noBrowsers =
  'This is for the back ends of applications: no page may hold an API key, and none is answered. Ask from your own server and hand ' +
  'its answer to the page.';

/** Stands before the routes: who may pass, and what they are then known by. */
class ApplicationDoor {
  readonly #ports: ApplicationPorts;
  readonly #auth: ApiKeyAuth;
  readonly #rate = new RequestRate();
  readonly #admitted = new WeakMap<FastifyRequest, ApiKeyAccess>();

  constructor(ports: ApplicationPorts) {
    this.#ports = ports;
    this.#auth = new ApiKeyAuth(ports.store, ports.nowMs);
  }

  /** Answers those that may not pass. Before anything of the document is read. */
  admit(request: FastifyRequest, reply: FastifyReply): void {
    if (!this.#ports.proxies.clientOf(request.raw).isConfidential) {
      problem(reply, 'tls_required', tlsRemedy);
      return;
    }
    const text = bearer.exec(request.headers.authorization ?? '')?.[1];
    if (text === undefined) {
      unauthorized(reply, 'Send the API key of an app: "Authorization: Bearer tpk_...".', '');
      return;
    }
    const access = this.#auth.check(text);
    if ('refusal' in access) {
      unauthorized(
        reply,
        `The API key ${access.refusal}. Make one: turnpike key create APP.`,
        ', error="invalid_token"',
      );
      return;
    }
    const { key, app } = access;
    const waitMs = this.#rate.take(key.id, key.requestsPerSecond, performance.now());
    if (waitMs > 0) {
      void reply.header('retry-after', Math.ceil(waitMs / 1000));
      problem(
        reply,
        'too_many_requests',
        `The API key ${key.id} may ask ${key.requestsPerSecond} times in a second. Wait, or make a key that may ask more.`,
      );
      return;
    }
    if (!app.isEnabled) {
      problem(reply, 'app_disabled', `The app ${app.id} is disabled. An administrator enables it.`);
      return;
    }
    this.#admitted.set(request, access);
  }

  /** Whose a request is that was admitted. */
  accessOf(request: FastifyRequest): ApiKeyAccess {
    const access = this.#admitted.get(request);
    if (access === undefined) throw new Error('a request came to a handler that was not admitted');
    return access;
  }

  /** Writes when keys were last used. What cannot be written is kept; the store tells of its health itself. */
  flush(): void {
    try {
      this.#auth.flush();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  close(): void {
    this.flush();
    this.#auth.close();
  }
}

const tlsRemedy =
  'An API key was sent, or asked for, over plain HTTP. Use https:// (set tls.certificate and tls.key, or put a proxy that speaks it ' +
  'before this listener and name it in http.trustedProxies). A key that was sent may have been read: revoke it.';

function unauthorized(reply: FastifyReply, detail: string, parameters: string): void {
  void reply.header('www-authenticate', `Bearer realm="turnpike"${parameters}`);
  problem(reply, 'api_key_invalid', detail);
}

function iceServersFor(
  { issuing, isExhausted }: ApplicationPorts,
  { key, app }: ApiKeyAccess,
  { subject = '', ttlSeconds = app.defaultTtlS, label }: IceServersBody,
): IceServersDocument {
  if (isExhausted(app.id)) {
    throw new RequestRefused('quota_exhausted', `The app ${app.id} has used up what it may relay in this month (UTC).`);
  }
  if (ttlSeconds > app.longestTtlS) {
    throw new RequestRefused(
      'bad_request',
      `ttlSeconds ${ttlSeconds} is longer than credentials of the app ${app.id} may live: at most ${app.longestTtlS}.`,
    );
  }
  return issuing.iceServers({
    appId: app.id,
    keyId: key.id,
    subject: checkedSubject(subject),
    ttlS: ttlSeconds,
    label: label ?? null,
  });
}

function roomTokenFor(
  { store, publicUrl, nowMs }: ApplicationPorts,
  { app }: ApiKeyAccess,
  { room, subject, role = 'user', ttlSeconds = defaultRoomTokenTtlS }: RoomTokenBody,
): RoomToken {
  if (subject.startsWith('s_')) {
    throw new RequestRefused(
      'bad_request',
      'subject begins with s_, as the ids of sessions do. Put something before it.',
    );
  }
  const issuedAtS = Math.floor(nowMs() / 1000);
  const expiresAtS = issuedAtS + ttlSeconds;
  const id = randomBytes(16).toString('base64url');
  const claims = { app: app.id, subject: checkedSubject(subject), room, role, issuedAtS, expiresAtS, id };
  return {
    token: signRoomToken(claims, store.apps.signingKey(app.id)),
    url: `${publicUrl().replace(/^http/, 'ws')}/v1/signal`,
    expiresAt: new Date(expiresAtS * 1000).toISOString().replace('.000Z', 'Z'),
  };
}

function checkedSubject(subject: string): string {
  if (isSubject(subject)) return subject;
  throw new RequestRefused(
    'bad_request',
    `subject has more than ${maxSubjectBytes} bytes of UTF-8, or half a character.`,
  );
}
