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

/** The answer to `health`. */
export interface HealthReply {
  readonly status: HealthStatus;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly allocations: number;
  /** What is listened on, e.g. `{role: 'turn', url: 'udp://192.0.2.1:3478'}`. */
  readonly listeners: readonly { readonly role: string; readonly url: string }[];
  /** The forwarding plane in use. */
  readonly engine: string;
  /** Absolute. */
  readonly dataDir: string;
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
