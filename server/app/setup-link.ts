import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { EnvironmentError, reasonOf } from './errors.ts';

/** How long a setup link works. */
const setupLinkLifetimeMs = 30 * 60_000;
const tokenBytes = 32;

/** A link by which the first owner makes an account. */
export interface FreshSetupLink {
  /** With the token in its fragment, which no proxy and no log is shown. */
  readonly url: string;
  readonly expiresAtMs: number;
}

/** What a setup link hangs on. */
export interface SetupLinkOptions {
  /** Where the link is also written, mode 0600; null: nowhere. */
  readonly file: string | null;
  /** The console's address, without a slash at its end. */
  readonly consoleUrl: () => string;
  readonly nowMs: () => number;
}

/**
 * The way in while there is no owner (DESIGN.md section 6): a link with 256 random bits that works once, for 30 minutes. There is
 * one at a time; a fresh one ends the one before.
 */
export class SetupLink {
  readonly #options: SetupLinkOptions;
  #tokenHash: Uint8Array | null = null;
  #expiresAtMs = 0;

  constructor(options: SetupLinkOptions) {
    this.#options = options;
  }

  /**
   * Makes the link that is good from now on.
   * @throws EnvironmentError `data_dir_unusable` when its file cannot be written
   */
  fresh(): FreshSetupLink {
    const { file, consoleUrl, nowMs } = this.#options;
    const token = randomBytes(tokenBytes).toString('base64url');
    const url = `${consoleUrl()}/#/setup/${token}`;
    if (file !== null) writePrivate(file, `${url}\n`);
    this.#tokenHash = hashOf(token);
    this.#expiresAtMs = nowMs() + setupLinkLifetimeMs;
    return { url, expiresAtMs: this.#expiresAtMs };
  }

  /** Whether this is the token of the link that is good now. */
  accepts(token: string): boolean {
    if (this.#tokenHash === null || this.#options.nowMs() >= this.#expiresAtMs) return false;
    return timingSafeEqual(this.#tokenHash, hashOf(token));
  }

  /** The link has been used, or is not needed any more. Repeatable. */
  withdraw(): void {
    this.#tokenHash = null;
    const { file } = this.#options;
    if (file !== null) rmSync(file, { force: true });
  }
}

function hashOf(token: string): Uint8Array {
  return createHash('sha256').update(token, 'utf8').digest();
}

/** A file that was there keeps its mode when it is written: it goes first. */
function writePrivate(file: string, text: string): void {
  try {
    rmSync(file, { force: true });
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new EnvironmentError(
      'data_dir_unusable',
      `cannot write ${file}: ${reasonOf(error)}. Give the data directory to the user that runs Turnpike.`,
      { cause: error },
    );
  }
}
