import type Type from 'typebox';
import { defaultAppId } from '../../contract/default-app.ts';
import type { ApiKey, App, Secret } from '../../contract/admin/apps.ts';
import type { ApiKeyRecord, AppRecord, SecretRecord } from '../../store/records.ts';
import { RequestRefused } from '../request-failure.ts';
import { instant, instantOrNull } from './instants.ts';
import type { AdminPorts } from './ports.ts';
import { isLive } from './rotation.ts';
import { SessionCounts } from './session-counts.ts';

type SecretDocument = Type.Static<typeof Secret>;

/** The app of a path. */
export function appAt({ store }: AdminPorts, id: string): AppRecord {
  const app = store.apps.get(id);
  if (app === null) throw new RequestRefused('not_found', `There is no app "${id}".`);
  return app;
}

/** An app as it is answered. */
export function appDocument(
  ports: AdminPorts,
  app: AppRecord,
  counts = new SessionCounts(ports.relay.sessions()),
): Type.Static<typeof App> {
  const { isEnabled, defaultTtlS, longestTtlS, longestSessionS, createdAtMs, updatedAtMs, ...rest } = app;
  return {
    ...rest,
    peersAllow: [...rest.peersAllow],
    peersDeny: [...rest.peersDeny],
    enabled: isEnabled,
    defaultTtlSeconds: defaultTtlS,
    longestTtlSeconds: longestTtlS,
    longestSessionSeconds: longestSessionS,
    createdAt: instant(createdAtMs),
    updatedAt: instant(updatedAtMs),
    liveSessions: counts.ofApp(app.id),
    bytesThisMonth: ports.bytesThisMonth('app', app.id),
  };
}

/** An app's secrets as they are answered: configured ones first, then the newest. */
export function secretDocuments(
  ports: AdminPorts,
  appId: string,
  counts = new SessionCounts(ports.relay.sessions()),
): SecretDocument[] {
  const configured = appId === defaultAppId ? ports.configured.secrets() : [];
  const issuingId = ports.configured.issuingSecretId(appId);
  const describe = secretDescriber(ports, appId, counts);
  return [
    ...configured.map(({ id, origin }): SecretDocument => ({
      id,
      state: 'active',
      origin,
      acceptedUntil: null,
      createdAt: null,
      retiredAt: null,
      revokedAt: null,
      lastUsedAt: null,
      liveSessions: counts.ofSecret(appId, id),
      issues: issuingId === id,
    })),
    ...ports.store.secrets
      .list(appId)
      .filter(({ id }) => !configured.some((other) => other.id === id))
      .map(describe),
  ];
}

/** How stored secrets of an app are answered: it is looked up once who has sessions, and which issues. */
export function secretDescriber(
  ports: AdminPorts,
  appId: string,
  counts = new SessionCounts(ports.relay.sessions()),
): (secret: SecretRecord) => SecretDocument {
  const issuingId = ports.configured.issuingSecretId(appId);
  const nowMs = ports.nowMs();
  return (secret) => ({
    id: secret.id,
    state: secret.state === 'retiring' && !isLive(secret, nowMs) ? 'retired' : secret.state,
    origin: 'stored',
    acceptedUntil: instantOrNull(secret.acceptedUntilMs),
    createdAt: instant(secret.createdAtMs),
    retiredAt: instantOrNull(secret.retiredAtMs),
    revokedAt: instantOrNull(secret.revokedAtMs),
    lastUsedAt: instantOrNull(secret.lastUsedAtMs),
    liveSessions: counts.ofSecret(appId, secret.id),
    issues: issuingId === secret.id,
  });
}

/** An API key as it is answered. */
export function apiKeyDocument(key: ApiKeyRecord, counts: SessionCounts): Type.Static<typeof ApiKey> {
  return {
    id: key.id,
    name: key.name,
    requestsPerSecond: key.requestsPerSecond,
    expiresAt: instantOrNull(key.expiresAtMs),
    createdAt: instant(key.createdAtMs),
    revokedAt: instantOrNull(key.revokedAtMs),
    lastUsedAt: instantOrNull(key.lastUsedAtMs),
    liveSessions: counts.ofKey(key.id),
  };
}
