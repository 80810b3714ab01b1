import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EnvironmentError, reasonOf, systemErrorCode } from './errors.ts';

const nonceKeyBytes = 32;
const masterKeyBytes = 32;
const turnSecretBytes = 32;

/** The appliance's directory on disk, present and writable. */
export interface DataDir {
  /** Absolute. */
  readonly path: string;
  readonly controlSocket: string;
}

/** The path of the socket by which commands reach an appliance that serves from this directory. */
export function controlSocketPath(dataDir: string): string {
  return join(resolve(dataDir), 'control.sock');
}

/**
 * Creates the directory when it is missing (mode 0700) and checks that it can be used.
 * @throws EnvironmentError `data_dir_unusable`
 */
export function openDataDir(path: string): DataDir {
  const absolute = resolve(path);
  try {
    makeDirectory(absolute);
    if (!statSync(absolute).isDirectory()) throw new Error('it is not a directory');
    accessSync(absolute, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new EnvironmentError(
      'data_dir_unusable',
      `dataDir: cannot use ${absolute}: ${reasonOf(error)}. Create it for the user that runs Turnpike, or set dataDir elsewhere.`,
      { cause: error },
    );
  }
  return { path: absolute, controlSocket: controlSocketPath(absolute) };
}

/** Makes a directory and those above it. One by one: where nothing can be made (/proc), the system's own way never ends. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** The key of the stateless nonces; made once, so that nonces survive a restart (SECURITY.md 4). 32 bytes. */
export function loadNonceKey(dataDir: DataDir): Uint8Array {
  const text = loadOrCreate(join(dataDir.path, 'nonce-key'), () => Buffer.from(newNonceKey()).toString('base64'));
  const key = Buffer.from(text, 'base64');
  if (key.length !== nonceKeyBytes) {
    throw new EnvironmentError(
      'data_file_invalid',
      `${join(dataDir.path, 'nonce-key')} does not hold 32 bytes in base64. Delete it; a new key is made at the next start.`,
    );
  }
  return new Uint8Array(key);
}

/** The key under which the database keeps secrets; made once, and of no use to whoever has the database alone. 32 bytes. */
export function loadMasterKey(dataDir: DataDir): Uint8Array {
  const path = join(dataDir.path, 'master-key');
  const key = Buffer.from(
    loadOrCreate(path, () => randomBytes(masterKeyBytes).toString('base64')),
    'base64',
  );
  if (key.length !== masterKeyBytes) {
    throw new EnvironmentError(
      'data_file_invalid',
      `${path} does not hold 32 bytes in base64. Put back the file that belongs to the database beside it; without it, what the ` +
        'database seals is lost.',
    );
  }
  return new Uint8Array(key);
}

/** The path of the database in a data directory. */
export function databasePath(dataDir: string): string {
  return join(resolve(dataDir), 'turnpike.db');
}

/** The path of the file that holds the setup link while there is no owner. */
export function setupLinkPath(dataDir: string): string {
  return join(resolve(dataDir), 'setup-link');
}

/**
 * The REST secret that a release without a database has generated; null when there is none.
 * @throws EnvironmentError `data_file_invalid`
 */
export function readTurnSecret(dataDir: DataDir): string | null {
  const path = turnSecretPath(dataDir);
  if (!existsSync(path)) return null;
  const text = readPrivate(path);
  if (text.length < 16) {
    throw new EnvironmentError(
      'data_file_invalid',
      `${path} holds fewer than 16 characters. Write a longer secret into it, or delete it for a new one.`,
    );
  }
  return text;
}

/** Removes the file of that secret: the database has it now. */
export function removeTurnSecret(dataDir: DataDir): void {
  rmSync(turnSecretPath(dataDir), { force: true });
}

function turnSecretPath(dataDir: DataDir): string {
  return join(dataDir.path, 'turn-secret');
}

/** A fresh key of the stateless nonces. 32 bytes. */
export function newNonceKey(): Uint8Array {
  return new Uint8Array(randomBytes(nonceKeyBytes));
}

/** A fresh REST secret: 256 random bits as base64url text. */
export function newTurnSecret(): string {
  return randomBytes(turnSecretBytes).toString('base64url');
}

/** Reads a one-line file, or makes it with mode 0600; complete or absent, whatever interrupts. */
function loadOrCreate(path: string, create: () => string): string {
  try {
    return readPrivate(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw unreadable(path, error);
  }
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, `${create()}\n`, { mode: 0o600, flag: 'w', flush: true });
    linkSync(temporary, path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw unreadable(path, error);
  } finally {
    rmSync(temporary, { force: true });
  }
  return readPrivate(path);
}

function readPrivate(path: string): string {
  const text = readFileSync(path, 'utf8').trim();
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return text;
}

function unreadable(path: string, error: unknown): EnvironmentError {
  return new EnvironmentError(
    'data_dir_unusable',
    `cannot read or create ${path}: ${reasonOf(error)}. Give it to the user that runs Turnpike.`,
    { cause: error },
  );
}
