import type { SecretRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { instantOrNull } from './instants.ts';
import type { SessionCounts } from './session-counts.ts';

/** So long it can still be told of a password that a secret whose time is over made it. */
const rememberedMs = 86_400_000;

/** Secrets of an app that nobody can use any more: their time has been over for a day, and no session that began with them is live. Pure. */
export function usedUpSecrets(
  secrets: readonly SecretRecord[],
  counts: Pick<SessionCounts, 'ofSecret'>,
  nowMs: number,
): readonly SecretRecord[] {
  return secrets.filter(
    ({ appId, id, state, acceptedUntilMs }) =>
      state === 'retiring' &&
      acceptedUntilMs !== null &&
      acceptedUntilMs + rememberedMs <= nowMs &&
      counts.ofSecret(appId, id) === 0,
  );
}

/**
 * Revokes what is used up, so that no more secrets are kept than are needed. No session ends by it.
 * @throws StoreError
 */
export function revokeUsedUp(
  store: Store,
  counts: Pick<SessionCounts, 'ofSecret'>,
  nowMs: number,
): readonly SecretRecord[] {
  const usedUp = store.apps.list().flatMap(({ id }) => usedUpSecrets(store.secrets.list(id), counts, nowMs));
  if (usedUp.length === 0) return [];
  store.mutate({ kind: 'system' }, (record) => {
    for (const { appId, id, state, acceptedUntilMs } of usedUp) {
      store.secrets.revoke(appId, id);
      record({
        action: 'secret.revoke',
        target: `app/${appId}/secret/${id}`,
        before: { state, acceptedUntil: instantOrNull(acceptedUntilMs) },
        after: { state: 'revoked', sessionsEnding: 0 },
      });
    }
  });
  return usedUp;
}
