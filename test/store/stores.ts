import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AppFields, TurnUserFields, TurnUserKeys } from '../../server/store/records.ts';
import { openStore, type Store } from '../../server/store/store.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A key that is the same in every test. */
export const masterKey = new Uint8Array(32).fill(7);

/** An app that has nothing of its own. */
export const plainFields: AppFields = {
  name: 'Chat',
  isEnabled: true,
  defaultTtlS: 43_200,
  longestTtlS: 86_400,
  longestSessionS: null,
  allocationsPerSubject: null,
  bitsPerSecondPerSubject: null,
  bytesPerMonth: null,
  peersAllow: [],
  peersDeny: [],
  rotateEveryDays: null,
};

/** A TURN user without limits. */
export const unlimitedUser: TurnUserFields = {
  expiresAtMs: null,
  allocations: null,
  bitsPerSecond: null,
  bytesPerMonth: null,
};

/** Keys that are told apart by a number. */
export function keysOf(number: number): TurnUserKeys {
  return { md5Key: new Uint8Array(16).fill(number), sha256Key: new Uint8Array(32).fill(number) };
}

/** A store that is closed when the test ends, with a clock that the test moves. */
export function testStore(path = ':memory:'): { store: Store; clock: { ms: number } } {
  const clock = { ms: Date.UTC(2026, 11, 1) };
  const store = openStore({ path, masterKey, nowMs: () => clock.ms });
  onTestFinished(() => store.close());
  return { store, clock };
}

/** The path of a database that is not there yet. */
export function databaseFile(): string {
  return join(tempDir(), 'turnpike.db');
}
