import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AdminApi } from '../api/admin/admin-api.ts';
import { EventRing } from '../api/admin/event-ring.ts';
import type { AdminPorts } from '../api/admin/ports.ts';
import { RequestRefused } from '../api/request-failure.ts';
import { TrustedProxies } from '../api/trusted-proxies.ts';
import { ConfigError } from '../config/config-error.ts';
import type { LoadWithStored } from '../config/load.ts';
import type { LoadedConfig } from '../config/loaded-config.ts';
import type { AdminReply, AdminRequest, BackupReply } from '../contract/control.ts';
import { openStore, type Store } from '../store/store.ts';
import { backUp } from './backup.ts';
import { configuredPort } from './configured-port.ts';
import { ControlServer } from './control-server.ts';
import { databasePath } from './data-dir.ts';
import { EnvironmentError } from './errors.ts';
import { sourceOfSocket } from './http-listener.ts';
import { stateOnDisk, type KeptState } from './kept-state.ts';
import { Settings } from './settings.ts';
import { StoredCredentials } from './stored-credentials.ts';

/** The admin API over the database of an appliance that does not run (docs/adr/0011). */
export interface OfflineAdmin {
  /** The file that is worked on. Absolute. */
  readonly database: string;
  send(request: AdminRequest): Promise<AdminReply>;
  /** @throws StoreError, EnvironmentError `backup_failed` */
  backUp(file: string): BackupReply;
  /** Closes the database, and lets an appliance start again. */
  close(): Promise<void>;
}

/** What the admin API is opened with while no appliance runs. */
export interface OfflineAdminOptions {
  readonly dataDir: string;
  /** Reads the configuration; what the database holds is put below it. */
  readonly load: () => Promise<LoadWithStored>;
}

/**
 * Opens the database of an appliance that does not run. Its control socket is held meanwhile, so that neither an appliance nor another
 * command begins beside it. A database that is not there is not made.
 * @throws EnvironmentError `no_database`, `data_dir_in_use`, `master_key_wrong`; StoreError; ConfigError
 */
export async function openOfflineAdmin({ dataDir, load }: OfflineAdminOptions): Promise<OfflineAdmin> {
  expectDatabase(dataDir);
  const loadWithStored = await load();
  const state = stateOnDisk(dataDir);
  const lock = await holdControlSocket(state);
  try {
    const store = openStore({ path: state.database, masterKey: masterKeyOf(state, loadWithStored), nowMs: Date.now });
    try {
      const noEffects = { useAtOnce: () => undefined, restartRelay: () => undefined };
      const settings = new Settings(store, loadWithStored, noEffects, loadedOrBare(loadWithStored, store));
      const api = new AdminApi({
        ports: offlinePorts(store, settings),
        proxies: new TrustedProxies([]),
        sourceOf: sourceOfSocket,
        adminUrl: () => null,
      });
      return {
        database: state.database,
        send: (request) => api.asLocal(request),
        backUp: (file) => backUp(store, file),
        close: async () => {
          await api.close();
          store.close();
          await lock.close();
        },
      };
    } catch (error) {
      store.close();
      throw error;
    }
  } catch (error) {
    await lock.close();
    throw error;
  }
}

/** A stored setting that does not go with a file that was changed stops a server, but not the command that takes it back. */
function loadedOrBare(load: LoadWithStored, store: Store): LoadedConfig {
  try {
    return load(store.settings.all());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return load(new Map());
  }
}

/**
 * Sees to it that there is a database.
 * @throws EnvironmentError `no_database`
 */
function expectDatabase(dataDir: string): void {
  const database = databasePath(dataDir);
  if (existsSync(database)) return;
  throw new EnvironmentError(
    'no_database',
    `no Turnpike serves from ${resolve(dataDir)}, and there is no database ${database}: it is made by the first start. Start Turnpike ` +
      'once ("npm start"), or name its data directory with --data-dir.',
  );
}

/**
 * Keeps appliances and other commands away from a data directory.
 * @throws EnvironmentError `data_dir_in_use`
 */
export async function holdControlSocket({ controlSocket }: Pick<KeptState, 'controlSocket'>): Promise<ControlServer> {
  if (controlSocket === null) throw new Error('a state on disk has a control socket');
  const busy = 'a command works on the database. Try again when it is done.';
  const lock = new ControlServer(controlSocket, {
    handle: () => Promise.reject(new EnvironmentError('data_dir_in_use', busy)),
    onFailure: () => undefined,
  });
  await lock.listen();
  return lock;
}

/** The key that the configuration names, or that the data directory holds; none is made, which could open nothing. */
export function masterKeyOf(state: KeptState, load: LoadWithStored): Uint8Array {
  const configured = load(new Map()).resolved.masterKey;
  if (configured !== null) return configured;
  const file = join(state.path ?? '', 'master-key');
  if (existsSync(file)) return state.masterKey();
  throw new EnvironmentError(
    'master_key_wrong',
    `there is no ${file}, and the configuration has no masterKey. Put back the file that belongs to the database, or give that key as masterKey.`,
  );
}

function offlinePorts(store: Store, settings: Settings): AdminPorts {
  const credentials = new StoredCredentials(store, settings.resolved.turn, {
    isAppExhausted: () => false,
    isUserExhausted: () => false,
  });
  return {
    store,
    relay: { sessions: () => [], endSession: () => Promise.resolve(false) },
    settings,
    setup: { accepts: () => false, withdraw: () => undefined, fresh: needsServer },
    issue: { iceServers: needsServer },
    configured: configuredPort(credentials, {
      realm: () => settings.resolved.turn.realm,
      originOf: (key) => settings.originOf(key),
    }),
    failures: { recent: () => [] },
    bytesThisMonth: (kind, name) =>
      store.usage
        .monthlyBytes(new Date().toISOString().slice(0, 7))
        .find((owner) => owner.kind === kind && owner.name === name)?.bytes ?? 0,
    events: new EventRing(1, Date.now()),
    system: () => Promise.reject(notServed()),
    metrics: () => Promise.reject(notServed()),
    nowMs: Date.now,
    log: { warn: () => undefined, error: () => undefined },
  };
}

function needsServer(): never {
  throw notServed();
}

function notServed(): RequestRefused {
  return new RequestRefused(
    'relay_unavailable',
    'No Turnpike runs here, and this needs one. Start it with "npm start".',
  );
}
