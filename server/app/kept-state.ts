import { loadNonceKey, loadTurnSecret, newNonceKey, newTurnSecret, openDataDir } from './data-dir.ts';

/** What an appliance keeps from one start to the next, and where. */
export interface KeptState {
  /** The data directory, absolute; null: nothing is on disk. */
  readonly path: string | null;
  /** Where local commands reach the appliance; null: they do not. */
  readonly controlSocket: string | null;
  /** The key of the stateless nonces (SECURITY.md 4). 32 bytes. */
  readonly nonceKey: () => Uint8Array;
  /** The REST secret of an appliance that was given none. */
  readonly turnSecret: () => string;
}

/**
 * State in a data directory, which is made when it is missing.
 * @throws EnvironmentError `data_dir_unusable`; so do the two functions when a file cannot be read, made or understood
 */
export function stateOnDisk(dataDir: string): KeptState {
  const opened = openDataDir(dataDir);
  return {
    path: opened.path,
    controlSocket: opened.controlSocket,
    nonceKey: () => loadNonceKey(opened),
    turnSecret: () => loadTurnSecret(opened),
  };
}

/** State of this process alone: the same for every start that is given it, and gone with it. */
export function stateInMemory(): KeptState {
  const nonceKey = newNonceKey();
  const turnSecret = newTurnSecret();
  return { path: null, controlSocket: null, nonceKey: () => nonceKey, turnSecret: () => turnSecret };
}
