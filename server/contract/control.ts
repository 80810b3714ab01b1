import type { ErrorCode } from './error-codes.ts';
import { maxCredentialTtlS, maxSubjectBytes } from './limits.ts';

/** What a local command asks of a running appliance, through the socket in its data directory. */
export type ControlRequest =
  | { readonly command: 'health' }
  | { readonly command: 'drain' }
  | {
      readonly command: 'ice';
      /** Seconds that the credential is to live; `defaultCredentialTtlS` when absent, at most `maxCredentialTtlS`. */
      readonly ttlSeconds?: number;
      /** Whom the credential is for; quotas count by it. At most `maxSubjectBytes` of UTF-8. */
      readonly subject?: string;
    };

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

/** An answer to a local command. */
export type ControlReply = HealthReply | DrainReply | IceReply;

/** The answer that belongs to a command. */
export interface ControlReplies {
  readonly health: HealthReply;
  readonly drain: DrainReply;
  readonly ice: IceReply;
}

/** What stands on the line that comes back: the reply, or why there is none. */
export type ControlAnswer =
  | { readonly ok: true; readonly reply: ControlReply }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** Reads a request; a text says what is wrong with it. */
export function parseControlRequest(value: unknown): ControlRequest | string {
  if (typeof value !== 'object' || value === null || !('command' in value)) return 'a request is {"command": ...}';
  switch (value.command) {
    case 'health':
    case 'drain':
      return { command: value.command };
    case 'ice':
      return parseIceRequest(value);
    default:
      return `there is no command ${JSON.stringify(value.command)}: health, drain or ice`;
  }
}

function parseIceRequest(value: object): ControlRequest | string {
  const ttlSeconds = 'ttlSeconds' in value ? value.ttlSeconds : undefined;
  const subject = 'subject' in value ? value.subject : undefined;
  if (ttlSeconds !== undefined && !isTtl(ttlSeconds)) {
    return `ttlSeconds ${JSON.stringify(ttlSeconds)} is not a whole number from 1 to ${maxCredentialTtlS}`;
  }
  if (subject !== undefined && !isSubject(subject)) {
    return `subject is not a text of at most ${maxSubjectBytes} bytes without control characters`;
  }
  return {
    command: 'ice',
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    ...(subject === undefined ? {} : { subject }),
  };
}

/** Whether a value is a lifetime that a credential may have, in seconds. */
export function isTtl(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxCredentialTtlS;
}

/** Whether a value is a subject that a credential may be issued for. */
export function isSubject(value: unknown): value is string {
  if (typeof value !== 'string' || !value.isWellFormed() || /\p{Cc}/u.test(value)) return false;
  return new TextEncoder().encode(value).length <= maxSubjectBytes;
}
