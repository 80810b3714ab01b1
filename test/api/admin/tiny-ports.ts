import type {
  AdminPorts,
  LiveSession,
  SettingProblem,
  SettingView,
  SystemStatus,
} from '../../../server/api/admin/ports.ts';
import type { Store } from '../../../server/store/store.ts';

/** Live sessions that a test makes up. */
export interface TinyRelay {
  readonly sessions: Map<string, LiveSession>;
  /** Adds a session like the one below, with what differs. */
  add(session?: Partial<LiveSession>): LiveSession;
}

/** A relay, settings and issuing that do what the ports promise and no more. */
export function tinyPorts({ store, nowMs }: { readonly store: Store; readonly nowMs: () => number }): {
  readonly ports: Omit<AdminPorts, 'events' | 'setup' | 'log'>;
  readonly relay: TinyRelay;
} {
  const relay = tinyRelay(nowMs);
  return {
    relay,
    ports: {
      store,
      nowMs,
      relay: {
        sessions: () => [...relay.sessions.values()],
        endSession: (id) => Promise.resolve(relay.sessions.delete(id)),
      },
      settings: tinySettings(store),
      configured: {
        realm: () => 'turnpike.local',
        secrets: () => [],
        userOrigin: () => null,
        userKey: () => null,
        issuingSecretId: (appId) => store.secrets.list(appId).find(({ state }) => state === 'active')?.id ?? null,
        secretValue: () => null,
      },
      failures: { recent: () => [] },
      bytesThisMonth: () => 0,
      issue: {
        iceServers: ({ appId, subject, ttlS }) => ({
          iceServers: [{ urls: ['turn:192.0.2.1:3478'], username: `${appId}/${subject}`, credential: 'a password' }],
          ttlSeconds: ttlS,
          expiresAt: new Date(nowMs() + ttlS * 1000).toISOString(),
        }),
      },
      system: () => Promise.resolve(tinyStatus(nowMs())),
      metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'up 1\n' }),
    },
  };
}

function tinyRelay(nowMs: () => number): TinyRelay {
  const sessions = new Map<string, LiveSession>();
  let lastId = 0;
  return {
    sessions,
    add: (given = {}) => {
      lastId += 1;
      const session: LiveSession = {
        id: String(lastId),
        username: '1796212800:alice',
        principal: { kind: 'rest', app: 'default', subject: 'alice', secretId: '0123456789abcdef', keyId: null },
        transport: 'udp',
        client: { address: '198.51.100.7', port: 50_000 },
        relayedAddresses: [{ address: '192.0.2.1', port: 49_152 }],
        startedAtMs: nowMs(),
        bytesUp: 1,
        bytesDown: 2,
        packetsUp: 1,
        packetsDown: 1,
        drops: 0,
        label: null,
        ...given,
      };
      sessions.set(session.id, session);
      return session;
    },
  };
}

function tinySettings(store: Store): AdminPorts['settings'] {
  let version = 1;
  const list = (): SettingView[] => {
    const stored = store.settings.all();
    const view = (key: string, fallback: unknown, isLocked: boolean): SettingView => ({
      key,
      value: stored.get(key) ?? fallback,
      isSecret: false,
      origin: stored.has(key) ? { layer: 'console', detail: '' } : { layer: 'default', detail: '' },
      isLocked,
      default: fallback,
      applies: 'at-once',
      description: 'A key.',
    });
    return [view('drainSeconds', 30, false), view('dataDir', './data', true)];
  };
  return {
    list,
    version: () => String(version),
    validate: (changes) =>
      [...changes].flatMap(([key, value]): SettingProblem[] => {
        if (key === 'dataDir') return [{ key, code: 'locked', message: 'dataDir is given by a flag.' }];
        if (key !== 'drainSeconds') return [{ key, code: 'unknown', message: `there is no key ${key}` }];
        if (value === null || typeof value === 'number') return [];
        return [{ key, code: 'invalid', message: 'drainSeconds is not a number.' }];
      }),
    apply: async (actor, changes) => {
      store.mutate(actor, (record) => {
        store.settings.change(new Map([...changes].map(([key, value]) => [key, value ?? undefined])));
        record({ action: 'settings.change', target: 'settings', before: null, after: Object.fromEntries(changes) });
      });
      version += 1;
      return { relayRestarts: false, pendingRestart: [] };
    },
  };
}

function tinyStatus(nowMs: number): SystemStatus {
  return {
    status: 'degraded',
    problems: [{ code: 'store_full', message: 'the disk is full' }],
    version: '0.1.0',
    runtime: 'node 26',
    startedAtMs: nowMs,
    dataDir: null,
    relay: {
      isRunning: true,
      engine: 'js',
      sessions: 0,
      restarts: 0,
      realm: 'turnpike.local',
      relayPorts: { first: 49_152, last: 65_535 },
      peersAllow: [],
    },
    listeners: [{ role: 'turn', url: 'udp://127.0.0.1:3478' }],
    publicHost: 'turn.example.org',
    certificate: { names: ['turn.example.org'], expiresAtMs: nowMs },
    database: { path: null, sizeBytes: 4096, failure: { code: 'store_full', message: 'full', sinceMs: nowMs } },
    memoryBytes: 1,
    pendingRestart: [],
  };
}
