import type { FailureCause, FailureGroup } from '../../contract/failure-groups.ts';
import type { Actor } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import type { IssuingPort } from '../public/ports.ts';

/** What the admin API does its work with; `app/` gives it. */
export interface AdminPorts {
  readonly store: Store;
  readonly relay: RelayPort;
  readonly settings: SettingsPort;
  readonly setup: SetupPort;
  readonly issue: IssuingPort;
  readonly configured: ConfiguredPort;
  readonly failures: FailuresPort;
  /** The bytes that an app, or a TURN user, has relayed in this calendar month (UTC). */
  readonly bytesThisMonth: (kind: 'app' | 'user', name: string) => number;
  readonly events: EventFeed;
  readonly system: () => Promise<SystemStatus>;
  /** In the text format of Prometheus. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Unix time. */
  readonly nowMs: () => number;
  readonly log: AdminLog;
}

/** Where the API reports what nobody who asks can be told. */
export interface AdminLog {
  warn(fields: { readonly event: string; readonly [field: string]: unknown }, message: string): void;
  error(fields: { readonly event: string; readonly [field: string]: unknown }, message: string): void;
}

/** What of the credentials the configuration has: it is shown, and changed there. */
export interface ConfiguredPort {
  /** The realm of all keys. */
  readonly realm: () => string;
  /** Secrets of the default app, the one that issues first, and where they are written. */
  readonly secrets: () => readonly { readonly id: string; readonly origin: string }[];
  /** Where a TURN user is written; null for one that is not. */
  readonly userOrigin: (name: string) => string | null;
  /** The SHA-256 key of a TURN user that it names; null for one that it does not. */
  readonly userKey: (name: string) => Uint8Array | null;
  /** The secret that new credentials of an app are made with; null when it has none. */
  readonly issuingSecretId: (appId: string) => string | null;
  /** The text of a configured secret; null when there is no such secret. */
  readonly secretValue: (secretId: string) => Uint8Array | null;
}

/** Requests that were refused lately. */
export interface FailuresPort {
  /** Every sample that is remembered, the newest first: of one group, or of all. Bounded, whatever strangers send. */
  recent(group: FailureGroup | null): readonly FailureView[];
}

/** A request that was refused. */
export interface FailureView {
  readonly atMs: number;
  /** What an administrator looks for, e.g. `wrong-secret`. */
  readonly group: FailureGroup;
  /** The relay's own word, e.g. `wrong-password`. */
  readonly cause: FailureCause;
  /** As the client sent it. */
  readonly username: string | null;
  readonly app: string | null;
  readonly transport: string;
  readonly client: SocketEnd;
  readonly peer: string | null;
  /** What the username tells of the reason, or the line of the configuration that would admit the peer. */
  readonly hint: string | null;
}

/** The live allocations. */
export interface RelayPort {
  /** The oldest first. */
  sessions(): readonly LiveSession[];
  /**
   * Ends one; false when it is not live.
   * @throws RequestRefused `relay_unavailable` when the relay thread does not answer
   */
  endSession(id: string): Promise<boolean>;
}

/** A client's allocation, with what it has relayed. Bytes are payload bytes; up is from the client to its peers. */
export interface LiveSession {
  readonly id: string;
  readonly username: string;
  readonly principal:
    | { readonly kind: 'static'; readonly name: string }
    | {
        readonly kind: 'rest';
        readonly app: string;
        readonly subject: string;
        readonly secretId: string;
        readonly keyId: string | null;
      };
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly client: SocketEnd;
  readonly relayedAddresses: readonly SocketEnd[];
  readonly startedAtMs: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly packetsUp: number;
  readonly packetsDown: number;
  readonly drops: number;
  /** What the application called it when it asked for the credential. */
  readonly label: string | null;
}

/** An address and a port; IPv6 without brackets. */
export interface SocketEnd {
  readonly address: string;
  readonly port: number;
}

/** The configuration as the console shows and changes it. */
export interface SettingsPort {
  list(): readonly SettingView[];
  /** The entity tag, without quotes: another one after every change of a stored setting. */
  version(): string;
  /** What is wrong with these changes, null for none; `null` as a value takes a stored setting back. */
  validate(changes: ReadonlyMap<string, unknown>): readonly SettingProblem[];
  /** Stores and applies changes that `validate` has nothing against. */
  apply(actor: Actor, changes: ReadonlyMap<string, unknown>): Promise<SettingsApplied>;
}

/** When a change of a setting takes effect. */
export type SettingApplies = 'at-once' | 'relay-restart' | 'restart';

/** A key of the configuration. */
export interface SettingView {
  readonly key: string;
  /** A secret is shown as `***`. */
  readonly value: unknown;
  readonly isSecret: boolean;
  readonly origin: {
    readonly layer: 'flag' | 'environment' | 'file' | 'option' | 'console' | 'default';
    readonly detail: string;
  };
  /** A higher layer owns it, or it cannot be stored. */
  readonly isLocked: boolean;
  readonly default: unknown;
  readonly applies: SettingApplies;
  readonly description: string;
}

/** Why a change cannot be made. */
export interface SettingProblem {
  readonly key: string;
  readonly code: 'unknown' | 'locked' | 'invalid';
  /** Names the value and the fix. */
  readonly message: string;
}

/** What a change of settings leads to. */
export interface SettingsApplied {
  /** The relay thread restarts once its sessions have ended or the time to drain is over. */
  readonly relayRestarts: boolean;
  /** Keys that wait for a restart of the process. */
  readonly pendingRestart: readonly string[];
}

/** The way in while there is no owner (DESIGN.md section 6). */
export interface SetupPort {
  /** Whether this is the token of the link that is good now. */
  accepts(token: string): boolean;
  /** The link has been used: it is good no more. */
  withdraw(): void;
  /** Makes the link that is good from now on. */
  fresh(): { readonly url: string; readonly expiresAtMs: number };
}

/** Something that happened, for those who watch. */
export interface FeedEvent {
  /** Grows by one. */
  readonly id: number;
  /** E.g. `session-started`. */
  readonly type: string;
  /** Holds no secret. */
  readonly data: unknown;
}

/** What happens in the appliance (`EventRing` is one). */
export interface EventFeed {
  /**
   * Tells every event from now on; with `lastId` first those after it that are still remembered. The listener is called at once and
   * must not throw. Returns how to stop it.
   */
  subscribe(listener: (event: FeedEvent) => void, lastId?: number): () => void;
}

/** How the appliance is. Times are Unix milliseconds. */
export interface SystemStatus {
  readonly status: 'ok' | 'degraded' | 'draining';
  /** Why it is not `ok`, worst first. */
  readonly problems: readonly { readonly code: string; readonly message: string }[];
  readonly version: string;
  readonly runtime: string;
  readonly startedAtMs: number;
  /** Absolute; null: nothing is kept on disk. */
  readonly dataDir: string | null;
  readonly relay: {
    readonly isRunning: boolean;
    readonly engine: string;
    readonly sessions: number;
    /** Restarts of its thread that nobody asked for. */
    readonly restarts: number;
    readonly realm: string;
    readonly relayPorts: { readonly first: number; readonly last: number };
    /** Ranges of `turn.peers.allow`. */
    readonly peersAllow: readonly string[];
  };
  readonly listeners: readonly { readonly role: string; readonly url: string }[];
  readonly publicHost: string;
  /** Null without TLS. */
  readonly certificate: { readonly names: readonly string[]; readonly expiresAtMs: number } | null;
  readonly database: {
    /** Null: in memory. */
    readonly path: string | null;
    readonly sizeBytes: number;
    /** Null: the last write was done. */
    readonly failure: { readonly code: string; readonly message: string; readonly sinceMs: number } | null;
  };
  readonly memoryBytes: number;
  /** Keys that wait for a restart of the process. */
  readonly pendingRestart: readonly string[];
}
