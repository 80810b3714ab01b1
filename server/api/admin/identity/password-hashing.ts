import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { RequestRefused } from '../../request-failure.ts';

const argon2id = promisify(argon2);
const saltBytes = 16;
const tagBytes = 32;
/** The PHC string format, as every argon2 library writes it. */
const phc = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{22,86})$/;

/** What a hash costs. */
export interface HashingCost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** OWASP's Password Storage Cheat Sheet for argon2id: 19 MiB, two passes. */
export const owaspCost: HashingCost = { memoryKiB: 19_456, passes: 2, parallelism: 1 };

/** Hashes at once: each takes a thread of the pool that files and names also wait for. */
const concurrency = 2;
/** Those that wait: two seconds' worth. */
const longestQueue = 100;

/** What came of a comparison. */
export interface Comparison {
  readonly isEqual: boolean;
  /** Whether the hash was made at another cost than new ones are. */
  readonly isOutdated: boolean;
}

/** Hashes passwords with argon2id, a few at a time, on threads of their own (SECURITY.md 13). */
export class PasswordHashing {
  readonly #cost: HashingCost;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  /** A hash of what nobody has typed. */
  #decoy: Promise<string> | null = null;

  constructor(cost: HashingCost = owaspCost) {
    this.#cost = cost;
  }

  /**
   * The hash of a password as a PHC string.
   * @throws RequestRefused `sign_in_busy` when too many wait
   */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltBytes);
    const tag = await this.#derive(password, salt, tagBytes, this.#cost);
    const { memoryKiB, passes, parallelism } = this.#cost;
    return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
  }

  /**
   * Compares a password with a hash; `null` stands for the hash of an account that is not there, costs as much, and is never equal.
   * @throws RequestRefused `sign_in_busy` when too many wait
   */
  async compare(password: string, hash: string | null): Promise<Comparison> {
    const decoy = await (this.#decoy ??= this.hash(randomBytes(tagBytes).toString('base64')));
    if (hash !== null) return this.#compareWith(password, hash);
    await this.#compareWith(password, decoy);
    return { isEqual: false, isOutdated: false };
  }

  async #compareWith(password: string, hash: string): Promise<Comparison> {
    const { cost, salt, tag } = parsePhc(hash);
    const isEqual = timingSafeEqual(await this.#derive(password, salt, tag.length, cost), tag);
    const { memoryKiB, passes, parallelism } = this.#cost;
    const isCurrent = cost.memoryKiB === memoryKiB && cost.passes === passes && cost.parallelism === parallelism;
    return { isEqual, isOutdated: !isCurrent };
  }

  async #derive(password: string, nonce: Uint8Array, tagLength: number, cost: HashingCost): Promise<Uint8Array> {
    await this.#enter();
    try {
      return await argon2id('argon2id', {
        message: normalised(password),
        nonce,
        tagLength,
        memory: cost.memoryKiB,
        passes: cost.passes,
        parallelism: cost.parallelism,
      });
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < concurrency) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= longestQueue) {
      throw new RequestRefused('sign_in_busy', 'Too many passwords are being checked. Try again in a few seconds.');
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Whoever waits longest takes the place. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

/** The same password whichever keyboard composed its letters. */
function normalised(password: string): Buffer {
  return Buffer.from(password.normalize('NFC'), 'utf8');
}

function parsePhc(text: string): { readonly cost: HashingCost; readonly salt: Uint8Array; readonly tag: Uint8Array } {
  const [, memory, passes, parallelism, salt, tag] = phc.exec(text) ?? [];
  if (salt === undefined || tag === undefined) {
    throw new Error('a password hash of the database is no argon2id PHC string');
  }
  return {
    cost: { memoryKiB: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '');
}
