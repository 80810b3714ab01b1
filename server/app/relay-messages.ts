import type { PublicAddress, TurnListener } from '../config/resolved-config.ts';
import type { CredentialDelta } from '../credentials/credential-set.ts';
import type { IpAddress, TransportAddress } from '../stun/transport-address.ts';
import type { Engine } from '../relay/engine.ts';
import type { TurnServerSettings } from '../turn/options.ts';
import type { Client } from '../seam/client.ts';
import type { SessionEvent, SessionId } from '../seam/session-event.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import type { PackedUsage } from './relay-usage-report.ts';

/** A bound listener. */
export interface BoundListener {
  readonly transport: TurnListener['transport'];
  readonly address: TransportAddress;
  /** Whether a `*` entry asked for it. */
  readonly wildcard: boolean;
  /** Which entry of `RelayStart.listen` asked for it. */
  readonly request: number;
}

/** All that the relay thread is started with but its credentials, which follow: it listens once it has them. Structured-clone safe. */
export interface RelayStart {
  readonly machine: TurnServerSettings;
  readonly engine: Engine;
  readonly listen: readonly TurnListener[];
  /** What `tls://` listeners serve with; null when there are none. */
  readonly tls: TlsMaterial | null;
  readonly publicAddress: PublicAddress;
  /** `auto`, or at most one address of each family. */
  readonly relayAddress: 'auto' | readonly IpAddress[];
  /** Client streams at once, with an allocation or without. */
  readonly maxStreams: number;
  /** What `backoff` messages brought before: whom failed authentications have made wait (SECURITY.md 5); null for nobody. */
  readonly backoff: Uint8Array | null;
}

/** What was counted since the relay thread started, by the part that counted it. */
export type RelayCounts = Readonly<
  Record<'traffic' | 'drops' | 'machine' | 'streams', Readonly<Record<string, number>>>
>;

/** What the relay thread is doing now. */
export interface RelayStatus {
  readonly allocations: number;
  readonly listeners: readonly BoundListener[];
  readonly engine: Engine;
  readonly counts: RelayCounts;
}

/** What a started relay thread reports. */
export interface RelayStarted {
  readonly status: RelayStatus;
  readonly warnings: readonly string[];
}

/** From the main thread to the relay thread. */
export type ToRelay =
  | { readonly type: 'drain' }
  | { readonly type: 'stop' }
  /** Answered by `credentials-applied`, or by `credentials-wanted` besides. */
  | { readonly type: 'credentials'; readonly delta: CredentialDelta }
  /** New TLS clients are served with this from now on. */
  | { readonly type: 'certificate'; readonly tls: TlsMaterial }
  | {
      readonly type: 'end-session';
      readonly request: number;
      readonly session: SessionId;
      readonly client: Client;
    }
  | { readonly type: 'status'; readonly request: number };

/** From the relay thread to the main thread. */
export type FromRelay =
  | { readonly type: 'listening'; readonly status: RelayStatus; readonly warnings: readonly string[] }
  | {
      /** The start failed: nothing is bound. `code` is the system's. */
      readonly type: 'start-failed';
      readonly url: string;
      readonly code: string | undefined;
      readonly message: string;
    }
  | {
      readonly type: 'listeners-changed';
      readonly listeners: readonly BoundListener[];
      readonly warnings: readonly string[];
    }
  | { readonly type: 'events'; readonly events: readonly SessionEvent[] }
  /** The change with this number is in force, or came after a gap. */
  | { readonly type: 'credentials-applied'; readonly sequence: number }
  /** A change is missing: the whole set has to come anew. The present one stays in force until then. */
  | { readonly type: 'credentials-wanted' }
  /** Once a second while there is something, and before `stopped`. Follows the events of the sessions that it names. */
  | { readonly type: 'usage'; readonly usage: PackedUsage }
  /** Every ten seconds when it has changed, and before `stopped`: for the `RelayStart` of the next thread. */
  | { readonly type: 'backoff'; readonly snapshot: Uint8Array }
  /** Follows the events of everything before it, as `session-end-answered` does. */
  | { readonly type: 'status'; readonly request: number; readonly status: RelayStatus }
  /** Whether the session that was to end was there. */
  | { readonly type: 'session-end-answered'; readonly request: number; readonly existed: boolean }
  | { readonly type: 'draining'; readonly sessions: number }
  | { readonly type: 'drained' }
  | { readonly type: 'stopped'; readonly sessionsEnded: number };
