import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { LoadWithStored } from '../config/load.ts';
import { inspectDatabase } from '../store/inspection.ts';
import { StoreError } from '../store/store-error.ts';
import { openStore } from '../store/store.ts';
import { EnvironmentError, reasonOf } from './errors.ts';
import { stateOnDisk } from './kept-state.ts';
import { holdControlSocket, masterKeyOf } from './offline-admin.ts';

/** What a restoration did. Absolute paths. */
export interface Restored {
  readonly database: string;
  /** The database that was in its place; null: there was none. */
  readonly replaced: string | null;
}

/** What is restored, and where to. */
export interface RestoreOptions {
  /** A file that `backup` made. Absolute. */
  readonly file: string;
  readonly dataDir: string;
  /** Reads the configuration, for the master key. */
  readonly load: () => Promise<LoadWithStored>;
  readonly nowMs: number;
}

/**
 * Puts a backup in the place of the database, after a copy of it was found sound, of a version that this release knows, and sealed
 * with the master key that is there. The database that was there stays beside it.
 * @throws EnvironmentError `data_dir_in_use` while an appliance runs, `restore_refused`, `master_key_wrong`; ConfigError
 */
export async function restore({ file, dataDir, load, nowMs }: RestoreOptions): Promise<Restored> {
  if (!existsSync(file)) throw new EnvironmentError('restore_refused', `there is no file ${file}.`);
  const loadWithStored = await load();
  const state = stateOnDisk(dataDir);
  const lock = await holdControlSocket(state);
  const candidate = `${state.database}.restoring`;
  try {
    const masterKey = masterKeyOf(state, loadWithStored);
    removeDatabase(candidate);
    prepare(file, candidate, masterKey);
    belongTo(candidate, dataDir);
    return { database: state.database, replaced: putInPlace(candidate, state.database, nowMs) };
  } finally {
    removeDatabase(candidate);
    await lock.close();
  }
}

/** Copies the backup, brings the copy to this release's version, and finds out whether it can be used. */
function prepare(file: string, candidate: string, masterKey: Uint8Array): void {
  try {
    copyFileSync(file, candidate, constants.COPYFILE_EXCL);
    chmodSync(candidate, 0o600);
    // Opening would make a database of an empty file.
    inspectDatabase(candidate);
    const store = openStore({ path: candidate, masterKey, nowMs: Date.now });
    try {
      const [problem] = store.integrityProblems();
      if (problem !== undefined) throw new StoreError('store_corrupt', `it is damaged (${problem}).`);
      store.mutate({ kind: 'local' }, (record) =>
        record({ action: 'database.restore', target: 'database', before: null, after: { file } }),
      );
    } finally {
      store.close();
    }
  } catch (error) {
    const reason = reasonOf(error).replace(`database ${candidate}: `, '');
    throw new EnvironmentError('restore_refused', `${file} cannot be restored: ${reason} Nothing was changed.`, {
      cause: error,
    });
  }
}

/** There is a whole database under a name of its own at every moment, whatever interrupts. Returns that of the one before. */
function putInPlace(candidate: string, database: string, nowMs: number): string | null {
  if (!existsSync(database)) {
    renameSync(candidate, database);
    return null;
  }
  const replaced = `${database}.replaced-${new Date(nowMs).toISOString().replaceAll(/[-:]/g, '')}`;
  linkSync(database, replaced);
  // What a killed appliance has left in its log belongs to the old database alone.
  if (existsSync(`${database}-wal`)) linkSync(`${database}-wal`, `${replaced}-wal`);
  rmSync(`${database}-wal`, { force: true });
  rmSync(`${database}-shm`, { force: true });
  renameSync(candidate, database);
  return replaced;
}

/** Root works for the user that the data directory belongs to. */
function belongTo(path: string, directory: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(directory);
  chownSync(path, uid, gid);
}

/** With its log, and the snapshot that a migration has made of it. */
function removeDatabase(path: string): void {
  const directory = dirname(path);
  for (const name of readdirSync(directory).filter((each) => each.startsWith(basename(path)))) {
    rmSync(join(directory, name), { force: true });
  }
}
