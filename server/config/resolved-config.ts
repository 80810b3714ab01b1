import type { Config } from '../contract/config.ts';
import type { Cidr } from '../stun/cidr.ts';
import type { IpAddress, TransportAddress } from '../stun/transport-address.ts';

/** Where to listen: `*` is every address of this host. Port 0 takes any. */
export interface ListenAddress {
  readonly host: '*' | IpAddress;
  readonly port: number;
}

/** A listener of HTTP that says what it speaks. */
export interface HttpListen extends ListenAddress {
  readonly scheme: 'http' | 'https';
}

/** An entry of `turn.listen`. */
export interface TurnListener extends ListenAddress {
  readonly transport: 'udp' | 'tcp' | 'tls';
}

/** `turn.publicAddress`: how this host's addresses are known from outside. */
export type PublicAddress =
  | { readonly kind: 'auto' }
  | { readonly kind: 'none' }
  | {
      /** At most one of each family. */
      readonly kind: 'addresses';
      readonly addresses: readonly IpAddress[];
    }
  | {
      readonly kind: 'pairs';
      readonly pairs: readonly { readonly local: IpAddress; readonly public: IpAddress }[];
    };

/** `tls`: the PEM files of the certificate, absolute. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** The configuration as values that cannot be wrong; the tree is that of the keys. Deeply frozen. */
export interface ResolvedConfig {
  /** Absolute. */
  readonly dataDir: string;
  /** A DNS name or an IP address; null for `auto`. */
  readonly publicHost: string | null;
  readonly turn: {
    /** As the OpaqueString profile enforces it, like the names and passwords of users. */
    readonly realm: string;
    readonly listen: readonly TurnListener[];
    readonly publicAddress: PublicAddress;
    /** `auto`, or at most one address of each family. */
    readonly relayAddress: 'auto' | readonly IpAddress[];
    readonly relayPorts: { readonly first: number; readonly last: number };
    readonly engine: Config['turn']['engine'];
    readonly channelRange: Config['turn']['channelRange'];
    readonly defaultAddressFamily: Config['turn']['defaultAddressFamily'];
    readonly users: readonly { readonly name: string; readonly password: string }[];
    /** The first one issues. Empty: one is to be generated. */
    readonly secrets: readonly string[];
    readonly strictExpiry: boolean;
    /** At most one of each family. */
    readonly alternateServers: readonly TransportAddress[];
    readonly peers: { readonly allow: readonly Cidr[]; readonly deny: readonly Cidr[] };
    readonly limits: Readonly<Config['turn']['limits']>;
  };
  /** Null: neither `tls://` listeners nor HTTPS. */
  readonly tls: TlsFiles | null;
  readonly http: {
    /** Null: no such listener. It speaks HTTPS when `tls` is set. */
    readonly public: ListenAddress | null;
    readonly admin: HttpListen | null;
    readonly metrics: HttpListen | null;
    /** Without a slash at its end; null for `auto`. */
    readonly publicUrl: string | null;
    readonly adminUrl: string | null;
    readonly trustedProxies: readonly Cidr[];
  };
  /** 32 bytes; null for `auto`. */
  readonly masterKey: Uint8Array | null;
  readonly retention: Readonly<Config['retention']>;
  readonly log: Readonly<Config['log']>;
  readonly drainSeconds: number;
}
