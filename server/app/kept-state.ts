import { randomBytes } from 'node:crypto';
import {
  databasePath,
  loadMasterKey,
  loadNonceKey,
  newNonceKey,
  newTurnSecret,
  openDataDir,
  readTurnSecret,
  removeTurnSecret,
  setupLinkPath,
} from './data-dir.ts';

/** What an appliance keeps from one start to the next, and where. */
export interface KeptState {
  /** The data directory, absolute; null: nothing is on disk. */
  readonly path: string | null;
  /** Where local commands reach the appliance; null: they do not. */
  readonly controlSocket: string | null;
  /** The file of the database, or `:memory:`. */
  readonly database: string;
  /** Where the setup link is written; null: nowhere. */
  readonly setupLink: string | null;
  /** The key of the stateless nonces (SECURITY.md 4). 32 bytes. */
  readonly nonceKey: () => Uint8Array;
  /** The key under which the database keeps secrets, where the configuration names none. 32 bytes. */
  readonly masterKey: () => Uint8Array;
  /** A secret for the default app, from before the database or for one that is made anew at every start; null: there is none. */
  readonly turnSecret: () => string | null;
  /** The database has that secret now. */
  readonly forgetTurnSecret: () => void;
}

/**
 * State in a data directory, which is made when it is missing.
 * @throws EnvironmentError `data_dir_unusable`; so do its functions when a file cannot be read, made or understood
 */
export function stateOnDisk(dataDir: string): KeptState {
  const opened = openDataDir(dataDir);
  return {
    path: opened.path,
    controlSocket: opened.controlSocket,
    database: databasePath(opened.path),
    setupLink: setupLinkPath(opened.path),
    nonceKey: () => loadNonceKey(opened),
    masterKey: () => loadMasterKey(opened),
    turnSecret: () => readTurnSecret(opened),
    forgetTurnSecret: () => removeTurnSecret(opened),
  };
}

/** State of this process alone: the same for every start that is given it, and gone with it. */
export function stateInMemory(): KeptState {
  const nonceKey = newNonceKey();
  const masterKey = new Uint8Array(randomBytes(32));
  const turnSecret = newTurnSecret();
  return {
    path: null,
    controlSocket: null,
    database: ':memory:',
    setupLink: null,
    nonceKey: () => nonceKey,
    masterKey: () => masterKey,
    turnSecret: () => turnSecret,
    forgetTurnSecret: () => undefined,
  };
}
