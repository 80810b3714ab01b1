/** An application that issues credentials. */
export interface AppRecord {
  readonly id: string;
  readonly name: string;
  readonly isEnabled: boolean;
  readonly defaultTtlS: number;
  readonly longestTtlS: number;
  /** Null: a session may last for ever. */
  readonly longestSessionS: number | null;
  /** Null: what `turn.limits` says, as for the next one. */
  readonly allocationsPerSubject: number | null;
  readonly bitsPerSecondPerSubject: number | null;
  /** Of all its subjects together; null: no limit. */
  readonly bytesPerMonth: number | null;
  /** CIDRs. */
  readonly peersAllow: readonly string[];
  readonly peersDeny: readonly string[];
  /** Null: its secrets are rotated by hand. */
  readonly rotateEveryDays: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Grows with every change. */
  readonly version: number;
}

/** What of an app may be changed. */
export type AppFields = Omit<AppRecord, 'id' | 'createdAtMs' | 'updatedAtMs' | 'version'>;

/** `active`: issued and accepted. `retiring`: accepted until a date. `revoked`: its sessions have ended. */
export type SecretState = 'active' | 'retiring' | 'revoked';

/** A secret of an app, without its value. */
export interface SecretRecord {
  readonly appId: string;
  /** Follows from the value. */
  readonly id: string;
  readonly state: SecretState;
  readonly acceptedUntilMs: number | null;
  readonly createdAtMs: number;
  readonly retiredAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

/** An API key of an app, of which only a hash is kept. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly appId: string;
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly expiresAtMs: number | null;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

/** A user with a fixed password, without its keys. */
export interface TurnUserRecord {
  readonly name: string;
  /** The realm that its keys are good for. */
  readonly realm: string;
  readonly expiresAtMs: number | null;
  /** Null: no limit, as for the next two. */
  readonly allocations: number | null;
  readonly bitsPerSecond: number | null;
  readonly bytesPerMonth: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly version: number;
}

/** What of a TURN user may be changed beside its keys. */
export type TurnUserFields = Pick<TurnUserRecord, 'expiresAtMs' | 'allocations' | 'bitsPerSecond' | 'bytesPerMonth'>;

/** The keys of a TURN user: 16 bytes for MD5, 32 for SHA-256. */
export interface TurnUserKeys {
  readonly md5Key: Uint8Array;
  readonly sha256Key: Uint8Array;
}

/** Who or what a ban shuts out. */
export type BanTarget =
  | { readonly kind: 'address'; readonly range: string }
  | { readonly kind: 'subject'; readonly app: string; readonly subject: string }
  | { readonly kind: 'user'; readonly name: string };

/** An administrator's ban. */
export interface BanRecord {
  readonly id: string;
  readonly target: BanTarget;
  readonly reason: string;
  readonly expiresAtMs: number | null;
  readonly createdAtMs: number;
  /** The name of whoever made it. */
  readonly createdBy: string;
}

/** What an account may do: an owner everything, an operator all but accounts and tokens, a viewer look. */
export type Role = 'owner' | 'operator' | 'viewer';

/** An account of the console. */
export interface AccountRecord {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly isTotpOn: boolean;
  readonly createdAtMs: number;
  readonly lastSignInAtMs: number | null;
  readonly version: number;
}

/** A browser that is signed in to the console. */
export interface SignInRecord {
  readonly id: string;
  readonly accountId: string;
  readonly address: string;
  readonly userAgent: string;
  readonly createdAtMs: number;
  readonly lastSeenAtMs: number;
  readonly expiresAtMs: number;
}

/** What an admin token may do. */
export type TokenScope = 'read' | 'operate' | 'own' | 'metrics';

/** A token for programs that use the admin API. */
export interface AdminTokenRecord {
  readonly id: string;
  /** Whose it is; null: made on the command line. */
  readonly accountId: string | null;
  readonly name: string;
  readonly scope: TokenScope;
  readonly expiresAtMs: number;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | null;
}

/** Who changes something. */
export type Actor =
  | { readonly kind: 'account'; readonly id: string; readonly name: string; readonly address: string | null }
  | { readonly kind: 'token'; readonly id: string; readonly name: string; readonly address: string | null }
  /** A command on the host. */
  | { readonly kind: 'local' }
  /** A schedule. */
  | { readonly kind: 'system' };

/** What a change was, for the audit log. Holds no secret. */
export interface AuditEntry {
  /** E.g. `secret.revoke`. */
  readonly action: string;
  /** E.g. `app/chat/secret/1f2e3d4c5b6a7980`. */
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** A line of the audit log. */
export interface AuditRecord extends AuditEntry {
  readonly id: number;
  readonly atMs: number;
  readonly actor: { readonly kind: Actor['kind']; readonly id: string; readonly name: string };
  readonly address: string | null;
}

/** What has changed, told after the commit. An app's notice covers its secrets and API keys. */
export type StoreNotice =
  | { readonly kind: 'app'; readonly id: string }
  | { readonly kind: 'turn-user'; readonly name: string }
  | { readonly kind: 'ban'; readonly id: string }
  | { readonly kind: 'settings' }
  | { readonly kind: 'account'; readonly id: string }
  | { readonly kind: 'admin-token'; readonly id: string };

/** How long one row of usage stands for. */
export type UsageResolution = 'minute' | 'hour' | 'day';

/** Whose usage a row is: app '' for TURN users, whose subject is their name. */
interface UsageKey {
  readonly startMs: number;
  readonly app: string;
  readonly subject: string;
  readonly transport: string;
}

/** What was used in the time of a row. */
export interface UsageAmounts {
  /** From clients to peers. Payload bytes. */
  readonly bytesUp: number;
  /** From peers to clients. */
  readonly bytesDown: number;
  readonly packetsUp: number;
  readonly packetsDown: number;
  readonly drops: number;
  /** Allocations that began. */
  readonly allocations: number;
  readonly peakBitsPerSecond: number;
}

/** One row of usage. */
export interface UsageRow extends UsageKey, UsageAmounts {}

/** Requests that were refused in the time of a row. */
export interface FailureRow extends UsageKey {
  readonly cause: string;
  readonly count: number;
}
