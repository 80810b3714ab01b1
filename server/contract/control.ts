import type { ErrorCode } from './error-codes.ts';
import { maxCredentialTtlS, maxSubjectBytes } from './limits.ts';

/** What a local command asks of a running appliance, through the socket in its data directory. */
export type ControlRequest =
  | { readonly command: 'health' }
  | { readonly command: 'drain' }
  | IceRequest
  | AdminRequest
  | BackupRequest
  | { readonly command: 'setup-link' };

/** A request for a fresh credential. */
export interface IceRequest {
  readonly command: 'ice';
  /** The id of the app whose secret makes it; the default app when absent. */
  readonly app?: string;
  /** Seconds that the credential is to live; the app's default when absent, at most `maxCredentialTtlS`. */
  readonly ttlSeconds?: number;
  /** Whom the credential is for; quotas count by it. At most `maxSubjectBytes` of UTF-8. */
  readonly subject?: string;
}

/** A request of the admin API, made as the local command line (docs/adr/0011). */
export interface AdminRequest {
  readonly command: 'admin';
  readonly method: AdminMethod;
  /** Below `/admin/v1`, segments percent-encoded, without a query: `/apps/chat/secrets`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** What the route takes as JSON; absent: no body. */
  readonly body?: unknown;
  /** The entity tag that has to be in force, as `If-Match` says it. */
  readonly ifMatch?: string;
}

/** The methods that routes of the admin API have. */
export const adminMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** A method of the admin API. */
export type AdminMethod = (typeof adminMethods)[number];

/** Copies the database while it is in use. */
export interface BackupRequest {
  readonly command: 'backup';
  /** Absolute, on the host of the appliance; refused when it exists. */
  readonly file: string;
}

/** How the appliance is. `degraded`: it runs, but something that was configured does not work. */
export type HealthStatus = 'ok' | 'draining' | 'degraded';

/** The certificate that TLS clients are served with. */
export interface CertificateSummary {
  /** The DNS names and IP addresses that it is for. */
  readonly names: readonly string[];
  /** RFC 3339, UTC. */
  readonly expiresAt: string;
}

/** The answer to `health`. */
export interface HealthReply {
  readonly status: HealthStatus;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly allocations: number;
  /** What is listened on, e.g. `{role: 'turn', url: 'udp://192.0.2.1:3478'}`. */
  readonly listeners: readonly { readonly role: string; readonly url: string }[];
  /** Null without TLS. */
  readonly certificate: CertificateSummary | null;
  /** The forwarding plane in use. */
  readonly engine: string;
  /** Absolute; null: nothing is kept on disk. */
  readonly dataDir: string | null;
  /** What was counted since the relay thread started, by the part that counted it; empty while the thread does not answer. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The answer to `drain`, given when draining has begun. */
export interface DrainReply {
  readonly draining: true;
  /** Sessions that are still open. */
  readonly sessions: number;
  /** After so many seconds the appliance exits, whatever is still open. */
  readonly deadlineSeconds: number;
}

/** The answer to `ice`: the document of `POST /v1/ice-servers`, and what the operator should know of it. */
export interface IceReply {
  readonly iceServers: readonly {
    readonly urls: readonly string[];
    readonly username?: string;
    readonly credential?: string;
  }[];
  readonly ttlSeconds: number;
  /** RFC 3339, UTC. */
  readonly expiresAt: string;
  readonly warnings: readonly string[];
}

/** The answer to `admin`: what the route answered, whatever its status. */
export interface AdminReply {
  readonly status: number;
  /** The parsed document; the text where the route answers no JSON; null: no body. */
  readonly body: unknown;
  /** The entity tag of what was read; null: it has none. */
  readonly etag: string | null;
}

/** The answer to `backup`, given when the copy is complete. */
export interface BackupReply {
  /** Absolute. */
  readonly file: string;
  readonly bytes: number;
}

/** The answer to `setup-link`: the link by which an owner makes an account. It ends the one before it. */
export interface SetupLinkReply {
  readonly url: string;
  /** RFC 3339, UTC. */
  readonly expiresAt: string;
}

/** The answer that belongs to a command. */
export interface ControlReplies {
  readonly health: HealthReply;
  readonly drain: DrainReply;
  readonly ice: IceReply;
  readonly admin: AdminReply;
  readonly backup: BackupReply;
  readonly 'setup-link': SetupLinkReply;
}

/** An answer to a local command. */
export type ControlReply = ControlReplies[keyof ControlReplies];

/** What stands on the line that comes back: the reply, or why there is none. */
export type ControlAnswer =
  | { readonly ok: true; readonly reply: ControlReply }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** Whether a value is a lifetime that a credential may have, in seconds. */
export function isTtl(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxCredentialTtlS;
}

/** Whether a value is a subject that a credential may be issued for. */
export function isSubject(value: unknown): value is string {
  if (typeof value !== 'string' || !value.isWellFormed() || /\p{Cc}/u.test(value)) return false;
  return new TextEncoder().encode(value).length <= maxSubjectBytes;
}
