import { maxLiveSecrets, minSecretCharacters } from '../../contract/limits.ts';
import { defaultAppId } from '../../contract/default-app.ts';
import { opaqueString } from '../../credentials/opaque-string.ts';
import { secretId } from '../../credentials/credential-set.ts';
import type { Actor, AppRecord, AuditEntry, SecretRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { RequestRefused } from '../request-failure.ts';
import { instant } from './instants.ts';
import { newSecretText } from './minted-token.ts';
import type { ConfiguredPort } from './ports.ts';

const dayMs = 86_400_000;

/** A secret that was made, with the text that whoever asked is shown this once. */
export interface MadeSecret {
  readonly secret: SecretRecord;
  readonly text: string;
}

/** What a rotation did. */
export interface RotationDone extends MadeSecret {
  readonly retiring: readonly SecretRecord[];
}

interface Parts {
  readonly store: Store;
  readonly configured: Pick<ConfiguredPort, 'secrets'>;
  readonly nowMs: () => number;
}

/** Whether new sessions may still begin with a secret. */
export function isLive({ state, acceptedUntilMs }: SecretRecord, nowMs: number): boolean {
  return state === 'active' || (state === 'retiring' && (acceptedUntilMs === null || acceptedUntilMs > nowMs));
}

/**
 * Adds an active secret to an app, within a transaction.
 * @param value what a back end shares already; undefined: 256 random bits are made
 */
export function createSecret(
  { store, configured, nowMs }: Parts,
  app: AppRecord,
  value: string | undefined,
  record: (entry: AuditEntry) => void,
): MadeSecret {
  const text = value ?? newSecretText();
  expectSecretText(text);
  const bytes = new TextEncoder().encode(text);
  const id = secretId(bytes);
  const known = store.secrets.get(app.id, id);
  const isConfigured = configuredSecrets(configured, app.id).some((secret) => secret.id === id);
  if (known !== null || isConfigured) {
    const was = known?.state === 'revoked' ? 'had this secret until it was revoked' : 'has this secret already';
    throw new RequestRefused('conflict', `The app "${app.id}" ${was}, as ${id}. Give another value, or none.`);
  }
  expectRoom({ store, configured, nowMs }, app);
  store.secrets.create(app.id, id, bytes);
  record({
    action: 'secret.create',
    target: `app/${app.id}/secret/${id}`,
    before: null,
    after: { id, state: 'active' },
  });
  return { secret: expectSecret(store, app.id, id), text };
}

/**
 * Has credentials of a secret accepted until a time, and none made with it from now on, within a transaction. The time is no earlier than
 * the last credential that was made expires.
 */
export function retireSecret(
  { store, configured, nowMs }: Parts,
  app: AppRecord,
  secret: SecretRecord,
  acceptedUntilMs: number,
  record: (entry: AuditEntry) => void,
): SecretRecord {
  // The last credential may have been made just now, or when it began to retire.
  const lastIssuedMs = secret.retiredAtMs ?? nowMs();
  const earliestMs = lastIssuedMs + app.longestTtlS * 1000;
  if (acceptedUntilMs < earliestMs) {
    throw new RequestRefused(
      'conflict',
      `Credentials of the app "${app.id}" live up to ${app.longestTtlS} seconds, so the secret ${secret.id} has to be accepted until ` +
        `${instant(earliestMs)} at least. Choose that or later; or revoke it, which ends its sessions.`,
    );
  }
  if (!isLive(secret, nowMs())) expectRoom({ store, configured, nowMs }, app);
  store.secrets.retire(app.id, secret.id, acceptedUntilMs);
  record({
    action: 'secret.retire',
    target: `app/${app.id}/secret/${secret.id}`,
    before: { state: secret.state, acceptedUntilMs: secret.acceptedUntilMs },
    after: { state: 'retiring', acceptedUntilMs },
  });
  return expectSecret(store, app.id, secret.id);
}

/**
 * Makes a new secret and has those that were active before it retire, in one transaction: no credential that was issued is refused, and no
 * session ends.
 * @param overlapS how long the old ones are still accepted; undefined: as long as the longest TTL
 */
export function rotateSecrets(
  { store, configured, nowMs }: Parts,
  actor: Actor,
  app: AppRecord,
  overlapS: number | undefined,
): RotationDone {
  expectRotatable({ configured }, app.id);
  // One moment for all of it: accepted for as long as the longest TTL is counted from when the last credential was made.
  const atMs = nowMs();
  const parts: Parts = { store, configured, nowMs: () => atMs };
  return store.mutate(actor, (record) => {
    const before = store.secrets.list(app.id).filter(({ state }) => state === 'active');
    const made = createSecret(parts, app, undefined, record);
    const untilMs = atMs + (overlapS ?? app.longestTtlS) * 1000;
    const retiring = before.map((secret) => retireSecret(parts, app, secret, untilMs, record));
    return { ...made, retiring };
  });
}

/**
 * Sees to it that a new secret would issue: those that the configuration names for the default app win against stored ones.
 * @throws RequestRefused `locked`
 */
export function expectRotatable({ configured }: Pick<Parts, 'configured'>, appId: string): void {
  const [issuing] = configuredSecrets(configured, appId);
  if (issuing === undefined) return;
  throw new RequestRefused(
    'locked',
    `The app "${appId}" issues with the secret ${issuing.id}, which ${issuing.origin} sets. Put another before it in turn.secrets there, ` +
      'or remove turn.secrets to have secrets kept and rotated here.',
  );
}

/** What became of a rotation that was due. */
export type ScheduledRotation =
  | { readonly app: string; readonly done: RotationDone }
  /** Why it cannot be done until somebody changes something. */
  | { readonly app: string; readonly refusal: string };

/**
 * Rotates the secrets of every app that is due. One that cannot be rotated keeps none of the others from it.
 * @throws StoreError
 */
export function rotateDue(parts: Parts): readonly ScheduledRotation[] {
  const { store, configured, nowMs } = parts;
  const apps = store.apps.list().filter(({ id }) => configuredSecrets(configured, id).length === 0);
  return dueRotations(apps, (id) => store.secrets.list(id), nowMs()).map((app) => {
    try {
      return { app: app.id, done: rotateSecrets(parts, { kind: 'system' }, app, undefined) };
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      return { app: app.id, refusal: error.message };
    }
  });
}

/** Apps whose newest active secret is as old as they let one become. Pure. */
export function dueRotations(
  apps: readonly AppRecord[],
  secretsOf: (appId: string) => readonly SecretRecord[],
  nowMs: number,
): readonly AppRecord[] {
  return apps.filter(({ id, rotateEveryDays, isEnabled }) => {
    if (rotateEveryDays === null || !isEnabled) return false;
    const newestMs = Math.max(
      ...secretsOf(id)
        .filter(({ state }) => state === 'active')
        .map(({ createdAtMs }) => createdAtMs),
    );
    return newestMs + rotateEveryDays * dayMs <= nowMs;
  });
}

function configuredSecrets(configured: Parts['configured'], appId: string): ReturnType<ConfiguredPort['secrets']> {
  return appId === defaultAppId ? configured.secrets() : [];
}

/** The reason does not repeat it. */
function expectSecretText(text: string): void {
  const characters = Array.from(text).length;
  if (characters < minSecretCharacters) {
    throw new RequestRefused(
      'invalid_value',
      `value has ${characters} characters. Whoever holds one credential can guess that; give at least ${minSecretCharacters}: ` +
        'openssl rand -base64 32',
    );
  }
  if (opaqueString(text) === text) return;
  throw new RequestRefused(
    'invalid_value',
    'value has characters that are no plain text (controls, invisible ones). Give what "openssl rand -base64 32" makes.',
  );
}

/** Each live secret is tried for every request of a stranger. */
function expectRoom({ store, configured, nowMs }: Parts, app: AppRecord): void {
  const stored = store.secrets.list(app.id).filter((secret) => isLive(secret, nowMs())).length;
  const live = stored + configuredSecrets(configured, app.id).length;
  if (live < maxLiveSecrets) return;
  throw new RequestRefused(
    'conflict',
    `The app "${app.id}" has ${live} live secrets, and each is tried for every request: more than ${maxLiveSecrets} there may not be. ` +
      'Revoke one that nobody uses.',
  );
}

function expectSecret(store: Store, appId: string, id: string): SecretRecord {
  const secret = store.secrets.get(appId, id);
  if (secret === null) throw new Error(`secret ${id} was written and is not there`);
  return secret;
}
