import type { IceServersDocument } from '../../credentials/ice-servers.ts';
import type { Store } from '../../store/store.ts';
import type { TrustedProxies } from '../trusted-proxies.ts';
import type { Readiness } from './health.ts';

/** What HTTPS is spoken with: PEM texts, the certificate with its chain. */
export interface HttpsMaterial {
  readonly certificate: string;
  readonly key: string;
}

/** What the public listener serves from. */
export interface PublicApi {
  /** Null: plain HTTP. */
  readonly tls: HttpsMaterial | null;
  readonly readiness: () => Readiness;
  /** Told of every request that failed inside the server. */
  readonly onFailure: (error: Error) => void;
  /** What the back ends of applications are served from; null: they are not. */
  readonly applications: ApplicationPorts | null;
}

/** What `/v1` works with. */
export interface ApplicationPorts {
  /** Its apps and API keys; when a key was last used is written in batches. */
  readonly store: Pick<Store, 'apps' | 'apiKeys' | 'batch' | 'onChange'>;
  readonly issuing: IssuingPort;
  /** Whether an app has used up what it may relay in this month. */
  readonly isExhausted: (appId: string) => boolean;
  /** Where clients reach the public listener: `https://turn.example.org`, without a slash at its end. */
  readonly publicUrl: () => string;
  readonly proxies: TrustedProxies;
  /** Unix time. */
  readonly nowMs: () => number;
}

/** Makes credentials. */
export interface IssuingPort {
  /** A credential for a subject of an app, made with the secret that the app issues with now. */
  iceServers(request: IssueRequest): IceServersDocument;
}

/** Whom a credential is for. */
export interface IssueRequest {
  readonly appId: string;
  /** The API key that asked; null: nobody's. */
  readonly keyId: string | null;
  /** Empty: nobody in particular. */
  readonly subject: string;
  readonly ttlS: number;
  /** What the application calls the session, for whoever looks at it later; null: nothing. */
  readonly label: string | null;
}
