import { defaultAppId } from '../contract/default-app.ts';
import { maxLiveSecrets } from '../contract/limits.ts';
import { secretId } from '../credentials/credential-set.ts';
import { newAppFields } from '../store/new-app.ts';
import { openStore, type Store } from '../store/store.ts';
import { newTurnSecret } from './data-dir.ts';
import { EnvironmentError } from './errors.ts';
import type { KeptState } from './kept-state.ts';

const defaultFields = { ...newAppFields, name: 'Default' };

/**
 * Opens the database of an appliance and sees to it that the default app is there, with a secret unless the configuration has one.
 * A secret that was generated before there was a database is adopted, and its file removed.
 * @throws StoreError; EnvironmentError when the master key or that file cannot be used
 */
export function openApplianceStore(
  state: KeptState,
  options: { readonly masterKey: Uint8Array | null; readonly hasConfiguredSecret: boolean },
): Store {
  const store = openStore({
    path: state.database,
    masterKey: options.masterKey ?? state.masterKey(),
    nowMs: () => Date.now(),
  });
  try {
    const adopted = state.turnSecret();
    store.mutate({ kind: 'system' }, (record) => {
      if (store.apps.get(defaultAppId) === null) {
        store.apps.create(defaultAppId, defaultFields);
        record({ action: 'app.create', target: `app/${defaultAppId}`, before: null, after: defaultFields });
      }
      const hasSecret = store.secrets.list(defaultAppId).some(({ state: secretState }) => secretState === 'active');
      if (adopted === null && (hasSecret || options.hasConfiguredSecret)) return;
      const value = new TextEncoder().encode(adopted ?? newTurnSecret());
      const id = secretId(value);
      if (store.secrets.get(defaultAppId, id) !== null) return;
      store.secrets.create(defaultAppId, id, value);
      record({ action: 'secret.create', target: `app/${defaultAppId}/secret/${id}`, before: null, after: { id } });
    });
    if (adopted !== null) state.forgetTurnSecret();
    return store;
  } catch (error) {
    store.close();
    throw error;
  }
}

/**
 * Keys of TURN users are good for the realm that they were made with.
 * @throws EnvironmentError `realm_has_users` when the database has users of another one
 */
export function checkRealm(store: Store, realm: string): void {
  const others = store.turnUsers.realms().filter((other) => other !== realm);
  const [other] = others;
  if (other === undefined) return;
  throw new EnvironmentError(
    'realm_has_users',
    `turn.realm is "${realm}", but the database has TURN users whose keys are good for the realm "${other}" alone. Set turn.realm back ` +
      'to it; or delete those users ("turnpike user remove") and enter them again after the change.',
  );
}

/**
 * Each live secret of an app is tried for every request of a stranger, the configured ones of the default app too.
 * @throws EnvironmentError `too_many_secrets` when there are more than may be
 */
export function checkSecretCount(store: Store, configured: readonly string[]): void {
  const ids = new Set(configured.map((text) => secretId(new TextEncoder().encode(text))));
  const nowMs = Date.now();
  const stored = store.secrets
    .list(defaultAppId)
    .filter(
      ({ id, state, acceptedUntilMs }) => !ids.has(id) && state !== 'revoked' && nowMs < (acceptedUntilMs ?? Infinity),
    );
  const live = ids.size + stored.length;
  if (live <= maxLiveSecrets) return;
  throw new EnvironmentError(
    'too_many_secrets',
    `turn.secrets has ${ids.size} secrets, and the database ${stored.length} live ones of the app "${defaultAppId}": more than ` +
      `${maxLiveSecrets} there may not be, because each is tried for every request. Take ${live - maxLiveSecrets} out of turn.secrets; or ` +
      'revoke as many of those in the database ("turnpike secret list", "turnpike secret revoke").',
  );
}
