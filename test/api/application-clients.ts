import { createHash, randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { ApplicationPorts, IssueRequest } from '../../server/api/public/ports.ts';
import { TrustedProxies } from '../../server/api/trusted-proxies.ts';
import { iceServers } from '../../server/credentials/ice-servers.ts';
import type { AppFields } from '../../server/store/records.ts';
import { openStore, type Store } from '../../server/store/store.ts';
import { parseCidr } from '../../server/stun/cidr.ts';

/** The clock of these tests: 2027-01-15T08:00:00Z. */
export const startMs = 1_800_000_000_000;

/** The secret that `issuing` issues with. */
export const issuingSecret = new TextEncoder().encode('north-north-north-north');

const fields: AppFields = {
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

/** A store with the app `chat`, and what the routes of applications work with. */
export class TestApplications implements ApplicationPorts {
  readonly store: Store;
  readonly issued: IssueRequest[] = [];
  readonly exhausted = new Set<string>();
  readonly proxies: TrustedProxies;
  now = startMs;

  constructor(trusted: readonly string[] = []) {
    this.store = openStore({ path: ':memory:', masterKey: new Uint8Array(randomBytes(32)), nowMs: () => this.now });
    onTestFinished(() => this.store.close());
    this.addApp('chat');
    this.proxies = new TrustedProxies(trusted.flatMap((text) => parseCidr(text) ?? []));
  }

  readonly nowMs = () => this.now;
  readonly isExhausted = (appId: string) => this.exhausted.has(appId);
  readonly publicUrl = () => 'https://turn.example.org/turnpike';
  readonly issuing = {
    iceServers: (request: IssueRequest) => {
      this.issued.push(request);
      return iceServers({
        urls: {
          stun: ['stun:turn.example.org:3478'],
          turn: ['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org:5349?transport=tcp'],
        },
        secret: issuingSecret,
        app: request.appId,
        keyId: request.keyId,
        subject: request.subject,
        ttlS: request.ttlS,
        nowS: this.now / 1000,
      });
    },
  };

  /** Makes an app. */
  addApp(id: string, differing: Partial<AppFields> = {}): void {
    this.store.apps.create(id, { ...fields, ...differing });
  }

  /** Changes an app. */
  changeApp(id: string, differing: Partial<AppFields>): void {
    const app = this.store.apps.get(id);
    if (app === null) throw new Error(`no app ${id}`);
    this.store.apps.update(id, app.version, { ...app, ...differing });
  }

  /** Makes an API key; returns its text. */
  addKey(id: string, differing: { appId?: string; requestsPerSecond?: number; expiresAtMs?: number } = {}): string {
    const text = `tpk_${id}_${randomBytes(32).toString('base64url')}`;
    this.store.apiKeys.create({
      id,
      appId: 'chat',
      name: 'back end',
      hash: createHash('sha256').update(text).digest(),
      requestsPerSecond: 1000,
      expiresAtMs: null,
      ...differing,
    });
    return text;
  }
}
