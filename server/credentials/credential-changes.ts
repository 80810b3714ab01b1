import type {
  CredentialChange,
  CredentialSet,
  StaticUser,
  StaticUserChunk,
  StaticUserLimits,
} from './credential-set.ts';

/** Bytes of a static user's keys in a chunk: 16 of MD5, 32 of SHA-256. */
export const staticKeyBytes = 48;

/** Static users in one change; like those of bans and apps, applying one takes the relay well under a millisecond. */
export const maxUsersPerChunk = 128;
const maxBansPerChunk = 256;
const maxAppsPerChunk = 16;

/**
 * The changes that make this set, between `reset` and `complete`: apps first, then bans, then users, each in chunks. Lazy: of
 * the arguments no more is read than is asked for.
 */
export function* changesOf(set: {
  readonly apps: Iterable<CredentialSet['apps'][number]>;
  readonly users: Iterable<StaticUser>;
  readonly bans: Iterable<CredentialSet['bans'][number]>;
}): Generator<CredentialChange, void, undefined> {
  for (const apps of inChunks(set.apps, maxAppsPerChunk)) yield { kind: 'apps', apps };
  for (const bans of inChunks(set.bans, maxBansPerChunk)) yield { kind: 'bans', bans };
  for (const users of inChunks(set.users, maxUsersPerChunk)) yield { kind: 'users', users: packUsers(users) };
}

/** Packs at most `maxUsersPerChunk` users into one chunk. */
export function packUsers(users: readonly StaticUser[]): StaticUserChunk {
  const keys = new Uint8Array(users.length * staticKeyBytes);
  const limits: [number, StaticUserLimits][] = [];
  for (const [at, user] of users.entries()) {
    keys.set(user.md5Key, at * staticKeyBytes);
    keys.set(user.sha256Key, at * staticKeyBytes + user.md5Key.length);
    const { expiresAtS, allocations, bitsPerSecond, isExhausted } = user;
    if (expiresAtS !== null || allocations !== 0 || bitsPerSecond !== 0 || isExhausted) {
      limits.push([at, { expiresAtS, allocations, bitsPerSecond, isExhausted }]);
    }
  }
  return { names: users.map(({ name }) => name), keys, limits };
}

function* inChunks<T>(items: Iterable<T>, size: number): Generator<readonly T[], void, undefined> {
  let chunk: T[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
