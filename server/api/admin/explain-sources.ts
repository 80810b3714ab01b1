import { timingSafeEqual } from 'node:crypto';
import { defaultAppId } from '../../contract/default-app.ts';
import { staticUser } from '../../credentials/credential-set.ts';
import { opaqueString } from '../../credentials/opaque-string.ts';
import type { BanTarget } from '../../store/records.ts';
import type { ExplainedApp, ExplainedSecret, ExplainedUser, ExplainSources } from './explain-username.ts';
import type { AdminPorts } from './ports.ts';

/** Everything that a username is looked up in, as it is now. */
export function explainSources(ports: AdminPorts): ExplainSources {
  const nowMs = ports.nowMs();
  return {
    nowMs,
    user: (name) => userOf(ports, name),
    app: (id) => appOf(ports, id),
    bans: (target) =>
      ports.store.bans
        .list()
        .filter((ban) => (ban.expiresAtMs === null || ban.expiresAtMs > nowMs) && isSame(ban.target, target)),
  };
}

function userOf(ports: AdminPorts, name: string): ExplainedUser | null {
  const { configured, store } = ports;
  const origin = configured.userOrigin(name);
  const user = origin === null ? store.turnUsers.get(name) : null;
  if (origin === null && user === null) return null;
  const realm = user?.realm ?? configured.realm();
  const key = (): Uint8Array | null =>
    user === null ? configured.userKey(name) : store.turnUsers.keys(name).sha256Key;
  return {
    origin,
    expiresAtMs: user?.expiresAtMs ?? null,
    quotaFinding: quotaFinding(ports, 'user', name, user?.bytesPerMonth ?? null),
    isPassword: (given) => {
      const known = key();
      const password = opaqueString(given);
      return known !== null && password !== null && timingSafeEqual(staticUser(name, realm, password).sha256Key, known);
    },
  };
}

function appOf(ports: AdminPorts, id: string): ExplainedApp | null {
  const app = ports.store.apps.get(id);
  if (app === null) return null;
  return {
    id,
    isEnabled: app.isEnabled,
    quotaFinding: quotaFinding(ports, 'app', id, app.bytesPerMonth),
    isLiveKey: (keyId) => {
      const key = ports.store.apiKeys.get(keyId);
      return key?.appId === id && key.revokedAtMs === null;
    },
    secrets: () => secretsOf(ports, id),
  };
}

function secretsOf({ configured, store }: AdminPorts, appId: string): readonly ExplainedSecret[] {
  const inConfiguration = appId === defaultAppId ? configured.secrets() : [];
  return [
    ...inConfiguration.flatMap(({ id }) => {
      const value = configured.secretValue(id);
      return value === null ? [] : [{ id, value, acceptedUntilMs: null }];
    }),
    ...store.secrets
      .list(appId)
      .filter(({ state }) => state !== 'revoked')
      .map(({ id, acceptedUntilMs }) => ({ id, value: store.secrets.value(appId, id), acceptedUntilMs })),
  ];
}

function quotaFinding(
  { bytesThisMonth }: AdminPorts,
  kind: 'app' | 'user',
  name: string,
  bytesPerMonth: number | null,
): string | null {
  const bytes = bytesThisMonth(kind, name);
  if (bytesPerMonth === null || bytes < bytesPerMonth) return null;
  const what = kind === 'app' ? `The app "${name}"` : 'The user';
  return `${what} has relayed ${bytes} bytes this month (UTC), of ${bytesPerMonth} that it may: raise bytesPerMonth, or wait.`;
}

function isSame(a: BanTarget, b: BanTarget): boolean {
  switch (a.kind) {
    case 'address':
      return false;
    case 'subject':
      return b.kind === 'subject' && a.app === b.app && a.subject === b.subject;
    case 'user':
      return b.kind === 'user' && a.name === b.name;
  }
}
