import { iceServers, type IceServersDocument, type IceUrls } from '../credentials/ice-servers.ts';
import { EnvironmentError } from './errors.ts';
import { urlsOf, type RunningParts } from './running-parts.ts';

/** Whom a credential is for. */
export interface Issue {
  readonly appId: string;
  /** The API key that asked for it; null: nobody's. */
  readonly keyId: string | null;
  /** Empty: nobody in particular. */
  readonly subject: string;
  /** Null: the app's default. */
  readonly ttlS: number | null;
}

/** How long the URLs are remembered: the host's addresses are asked for at most so often, whatever is issued. */
const urlsLiveMs = 1_000;

/** Makes credentials of apps, each with the secret that its app issues with now. */
export class Issuer {
  readonly #running: () => RunningParts;
  #urls: IceUrls | undefined;
  #urlsReadAtMs = 0;

  constructor(running: () => RunningParts) {
    this.#running = running;
  }

  /** @throws EnvironmentError `admin_refused` when there is no such app, or it issues none, or none that lives so long */
  issue({ appId, keyId, subject, ttlS }: Issue): IceServersDocument {
    const running = this.#running();
    const { store, credentials } = running.records;
    const app = store.apps.get(appId);
    if (app === null) throw refused(`there is no app "${appId}". "turnpike app list" names them.`);
    if (!app.isEnabled) throw refused(`the app "${appId}" is disabled. "turnpike app enable ${appId}" enables it.`);
    const secret = credentials.issuingSecret(appId);
    if (secret === null) {
      throw refused(`the app "${appId}" has no active secret. "turnpike secret create ${appId}" makes one.`);
    }
    const chosenTtlS = ttlS ?? app.defaultTtlS;
    if (chosenTtlS > app.longestTtlS) {
      throw refused(
        `a credential of the app "${appId}" lives at most ${app.longestTtlS} seconds, and ${chosenTtlS} were asked for. Ask for less, ` +
          'or raise the longest TTL of the app.',
      );
    }
    const nowMs = Date.now();
    const urls = this.#urlsAt(running, nowMs);
    return iceServers({ app: appId, keyId, subject, urls, secret: secret.value, ttlS: chosenTtlS, nowS: nowMs / 1000 });
  }

  #urlsAt(running: RunningParts, nowMs: number): IceUrls {
    if (this.#urls === undefined || Math.abs(nowMs - this.#urlsReadAtMs) >= urlsLiveMs) {
      this.#urls = urlsOf(running);
      this.#urlsReadAtMs = nowMs;
    }
    return this.#urls;
  }
}

function refused(message: string): EnvironmentError {
  return new EnvironmentError('admin_refused', message);
}
