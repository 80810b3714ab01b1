import type { ResolvedConfig } from '../../config/resolved-config.ts';
import type { HealthReply } from '../../contract/control.ts';

/** Ports from the first to the last. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** A port that the configuration asks for, and whether it can be had. */
export interface PortFact {
  /** The key that asks for it. */
  readonly key: string;
  /** As it is configured: `udp://*:3478`. */
  readonly url: string;
  /** `ours`: the running server has it. `absent`: the address is not of this host. */
  readonly state: 'free' | 'ours' | 'taken' | 'forbidden' | 'absent';
}

/** What the resolver of this host says of a name, or why it says nothing. */
export interface NameFact {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly failure: string | null;
}

/** A certificate, or why it cannot be used. */
export type CertificateFact =
  | {
      readonly kind: 'usable';
      readonly file: string;
      readonly names: readonly string[];
      readonly expiresAtMs: number;
      /** How many certificates the file holds beside the own one. */
      readonly issuers: number;
      readonly isSelfSigned: boolean;
    }
  | { readonly kind: 'unusable'; readonly reason: string };

/** The database, or why nothing can be said of it. */
export type DatabaseFact =
  | { readonly kind: 'absent'; readonly path: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: string }
  | {
      readonly kind: 'there';
      readonly path: string;
      readonly bytes: number;
      /** The write-ahead log. */
      readonly logBytes: number;
      readonly faults: readonly string[];
      readonly isOutdated: boolean;
      /** When it was last written, by the clock of then. */
      readonly writtenAtMs: number;
    };

/** Where the master key is, and whether it opens the database. */
export interface MasterKeyFact {
  /** The file, or the key of the configuration. */
  readonly source: string;
  readonly isThere: boolean;
  /** Whether others than its owner may read the file. */
  readonly isExposed: boolean;
  /** Null: there is no database to tell, or no key to try. */
  readonly fits: boolean | null;
}

/** A directory. */
export interface DirectoryFact {
  readonly path: string;
  readonly isThere: boolean;
  /** The permission bits. */
  readonly mode: number;
  readonly ownerId: number;
  /** Of the file system that it is on. */
  readonly freeBytes: number;
}

/** Everything that is looked at, gathered before it is judged. */
export interface HostFacts {
  readonly nowMs: number;
  readonly config: ResolvedConfig;
  readonly ports: readonly PortFact[];
  /** The ports that the system gives to programs that ask for none; null where it does not tell. */
  readonly ephemeralPorts: PortRange | null;
  /** Those of them that it never gives. */
  readonly reservedPorts: readonly PortRange[];
  /** Whether the kernel's clock is kept right by anything. */
  readonly clock: 'synchronised' | 'free-running' | 'unknown';
  /** Of this process; null where the system does not tell. */
  readonly descriptorLimit: number | null;
  /** The most that a socket may ask for; null where the system does not tell. */
  readonly socketBuffers: { readonly receiveBytes: number; readonly sendBytes: number } | null;
  /** The addresses of this host but loopback. */
  readonly addresses: readonly { readonly text: string; readonly isPublic: boolean }[];
  /** The addresses that clients are told, where they are others. */
  readonly publicAddresses: readonly string[];
  readonly publicAddressWarnings: readonly string[];
  /** Null: no name is handed out. */
  readonly publicName: NameFact | null;
  /** Null: no certificate is configured. */
  readonly certificate: CertificateFact | null;
  readonly dataDir: DirectoryFact;
  /** The user of this process; null where the system has none. */
  readonly userId: number | null;
  readonly database: DatabaseFact;
  readonly masterKey: MasterKeyFact;
  /** How the running server is; null: none runs. */
  readonly running: HealthReply | null;
}
