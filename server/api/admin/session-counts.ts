import type { LiveSession } from './ports.ts';

/** How many live sessions everybody has: one look at all of them for a whole answer. */
export class SessionCounts {
  readonly #ofApp = new Map<string, number>();
  readonly #ofSecret = new Map<string, number>();
  readonly #ofKey = new Map<string, number>();
  readonly #ofUser = new Map<string, number>();

  constructor(sessions: Iterable<Pick<LiveSession, 'principal'>>) {
    for (const { principal } of sessions) {
      if (principal.kind === 'static') {
        increment(this.#ofUser, principal.name);
        continue;
      }
      increment(this.#ofApp, principal.app);
      increment(this.#ofSecret, secretName(principal.app, principal.secretId));
      if (principal.keyId !== null) increment(this.#ofKey, principal.keyId);
    }
  }

  /** Of an app's credentials. */
  ofApp(appId: string): number {
    return this.#ofApp.get(appId) ?? 0;
  }

  /** Of credentials that a secret made. */
  ofSecret(appId: string, secretId: string): number {
    return this.#ofSecret.get(secretName(appId, secretId)) ?? 0;
  }

  /** Of credentials that an API key issued. */
  ofKey(keyId: string): number {
    return this.#ofKey.get(keyId) ?? 0;
  }

  /** Of a TURN user. */
  ofUser(name: string): number {
    return this.#ofUser.get(name) ?? 0;
  }
}

/** Neither part has a slash in it. */
function secretName(appId: string, secretId: string): string {
  return `${appId}/${secretId}`;
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
