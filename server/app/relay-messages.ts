import type { PublicAddress, TurnListener } from '../config/resolved-config.ts';
import type { CredentialSet } from '../credentials/credential-set.ts';
import type { IpAddress, TransportAddress } from '../stun/transport-address.ts';
import type { Engine } from '../relay/engine.ts';
import type { TurnServerSettings } from '../turn/options.ts';
import type { SessionEvent } from '../seam/session-event.ts';

/** A bound listener. */
export interface BoundListener {
  readonly transport: 'udp' | 'tcp';
  readonly address: TransportAddress;
  /** Whether a `*` entry asked for it. */
  readonly wildcard: boolean;
}

/** All that the relay thread is started with. Structured-clone safe. */
export interface RelayStart {
  readonly machine: TurnServerSettings;
  readonly engine: Engine;
  readonly listen: readonly TurnListener[];
  readonly publicAddress: PublicAddress;
  /** `auto`, or at most one address of each family. */
  readonly relayAddress: 'auto' | readonly IpAddress[];
  /** Client streams at once, with an allocation or without. */
  readonly maxStreams: number;
  readonly credentials: CredentialSet;
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

/** From the main thread to the relay thread. */
export type ToRelay =
  { readonly type: 'drain' } | { readonly type: 'stop' } | { readonly type: 'status'; readonly request: number };

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
  | { readonly type: 'status'; readonly request: number; readonly status: RelayStatus }
  | { readonly type: 'draining'; readonly sessions: number }
  | { readonly type: 'drained' }
  | { readonly type: 'stopped'; readonly sessionsEnded: number };
