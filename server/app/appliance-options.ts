import type { Logger } from '../telemetry/logger.ts';

/** How much may be taken; 0 is no limit. The keys of `turn.limits`. */
export interface LimitOptions {
  /** Allocations of one subject of time-limited credentials at a time. 128 when omitted. */
  readonly allocationsPerUser?: number | undefined;
  readonly allocationsPerAddress?: number | undefined;
  readonly allocationsTotal?: number | undefined;
  /** 128 when omitted. */
  readonly permissionsPerAllocation?: number | undefined;
  /** 128 when omitted. */
  readonly channelsPerAllocation?: number | undefined;
  readonly bitsPerSecondPerAllocation?: number | undefined;
  readonly bitsPerSecondPerUser?: number | undefined;
}

/** The STUN and TURN server. The keys of `turn`. */
export interface TurnOptions {
  /** `turnpike.local` when omitted. */
  readonly realm?: string | undefined;
  /**
   * Where clients are served: `udp://ADDRESS:PORT`, `tcp://...`, `tls://...`, the address being `*` or an IP address; port 0
   * takes any that is free. A `false` in the list is left out; `false` in its place serves no client at all. Every address, UDP
   * and TCP 3478, when omitted; with `tls` also TLS 5349.
   */
  readonly listen?: readonly (string | false)[] | false | undefined;
  /** `auto` (when omitted), `none`, an address of each family, or `local=public` pairs. */
  readonly publicAddress?: string | readonly string[] | undefined;
  /** `auto` (when omitted), or an address of each family. */
  readonly relayAddress?: string | readonly string[] | undefined;
  /** `49152-65535` when omitted. */
  readonly relayPorts?: string | undefined;
  readonly engine?: 'auto' | 'js' | undefined;
  readonly channelRange?: 'rfc8656' | 'rfc5766' | undefined;
  readonly defaultAddressFamily?: 'ipv4' | 'client' | undefined;
  /** Users with a fixed password. */
  readonly users?: readonly { readonly name: string; readonly password: string }[] | undefined;
  /** Secrets of time-limited credentials; the first one issues, all are accepted. One is made when omitted. */
  readonly secrets?: readonly string[] | undefined;
  readonly strictExpiry?: boolean | undefined;
  readonly alternateServer?: string | readonly string[] | null | undefined;
  /** Address ranges that relayed traffic may or may not reach, beyond the safe defaults. */
  readonly peers?:
    { readonly allow?: readonly string[] | undefined; readonly deny?: readonly string[] | undefined } | undefined;
  readonly limits?: LimitOptions | undefined;
}

/**
 * What an appliance is created with: the tree of the configuration file (config/turnpike.example.yaml explains every key), and
 * what only a program can give. Nothing else is read: no file that is not named here, no environment variable.
 */
export interface CreateApplianceOptions {
  /**
   * Directory for what must survive the process: the nonce key, the generated secret, and the socket that `turnpike health` and
   * `turnpike drain` use. `false`, or omitted: nothing is on disk, and both are made anew for every appliance that is created.
   */
  readonly dataDir?: string | false | undefined;
  /** The name or address in every URL that is handed out; `auto` when omitted. */
  readonly publicHost?: string | undefined;
  readonly turn?: TurnOptions | undefined;
  /** Paths of PEM files, which are watched. */
  readonly tls?:
    { readonly certificate?: string | null | undefined; readonly key?: string | null | undefined } | undefined;
  /** `false`, or omitted: no HTTP at all. */
  readonly http?:
    | {
        /** Where `/livez` and `/readyz` are answered, e.g. `http://127.0.0.1:0`. `false`, `null`, or omitted: nowhere. */
        readonly public?: string | false | null | undefined;
        /** Where administrators reach the API, e.g. `http://127.0.0.1:0`. `false`, `null`, or omitted: nowhere. */
        readonly admin?: string | false | null | undefined;
        /** A listener for Prometheus alone. */
        readonly metrics?: string | null | undefined;
        readonly publicUrl?: string | undefined;
        readonly adminUrl?: string | undefined;
        readonly trustedProxies?: readonly string[] | undefined;
      }
    | false
    | undefined;
  /** 32 bytes in base64 or hexadecimal; made, and kept in the data directory, when omitted. */
  readonly masterKey?: string | undefined;
  /** How long the database remembers, in days. */
  readonly retention?:
    | {
        readonly minuteDays?: number | undefined;
        readonly hourDays?: number | undefined;
        readonly dayDays?: number | undefined;
        readonly auditDays?: number | undefined;
      }
    | undefined;
  /** How long `turnpike drain` lets the sessions go on, when there is a `dataDir` through which it is asked. 30 when omitted. */
  readonly drainSeconds?: number | undefined;
  /** Where events are logged, e.g. a pino logger or `console`. Nowhere when omitted. */
  readonly logger?: Logger | undefined;
}

/** What the schema of the configuration says of the options: its keys, with `false` in the words of the file. */
export function configTree({ logger: _logger, dataDir, ...rest }: CreateApplianceOptions): object {
  const { turn, http } = rest as { turn?: unknown; http?: unknown };
  return {
    ...rest,
    ...(dataDir === undefined || dataDir === false ? {} : { dataDir }),
    ...(isObject(turn) ? { turn: { ...turn, listen: listeners(turn.listen) } } : {}),
    ...(isOff(http) ? { http: { public: null, admin: null } } : {}),
    ...(isObject(http)
      ? {
          http: {
            ...http,
            public: isOff(http.public) ? null : http.public,
            admin: isOff(http.admin) ? null : http.admin,
          },
        }
      : {}),
  };
}

/** Whether no client is to be served. A list of which nothing is left says no such thing: it is refused as the mistake of a condition. */
export function servesNoClient({ turn }: CreateApplianceOptions): boolean {
  return isObject(turn) && turn.listen === false;
}

/** A configuration has listeners. What stands here for none is never opened, and in the way of no other key. */
function listeners(value: unknown): unknown {
  if (value === false) return ['udp://*:0'];
  return Array.isArray(value) ? value.filter(isGiven) : value;
}

/** An embedding program has an HTTP server of its own, or needs none: what it omits is off, unlike in a file. */
function isOff(listener: unknown): boolean {
  return listener === undefined || listener === false;
}

function isGiven(entry: unknown): boolean {
  return entry !== false;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
