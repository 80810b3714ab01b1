import { resolve as resolvePath } from 'node:path';
import type { Config, ConfigKey } from '../contract/config.ts';
import { maxLiveSecrets, minBitsPerSecond } from '../contract/limits.ts';
import { cidrContains, formatCidr, type Cidr } from '../stun/cidr.ts';
import { ipKey, type IpAddress } from '../stun/transport-address.ts';
import {
  defaultTlsListener,
  parseAlternateServer,
  parseHttpListener,
  parseLocalAddress,
  parsePeerRange,
  parsePemPath,
  parsePortRange,
  parsePublicAddress,
  parsePublicHost,
  parseTurnListener,
  repeatedFamily,
} from './address-values.ts';
import type { ConfigProblem } from './config-error.ts';
import { parseRealm, parseSecret, parseUserName, parseUserPassword } from './credential-values.ts';
import { problem } from './layers.ts';
import type { Origin } from './loaded-config.ts';
import { duplicate, impossible, malformed, type Parsed, type Refusal } from './refusal.ts';
import type { ListenAddress, PublicAddress, ResolvedConfig, TlsFiles, TurnListener } from './resolved-config.ts';
import { keysByPath, type SchemaNode } from './schema.ts';
import { show } from './show.ts';

/** What parsing a configuration gives: the values, or the problems because of which they are of no use. */
export interface Resolution {
  readonly resolved: ResolvedConfig;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
}

/** Parses the texts of a configuration that fits its schema. Finds every problem, not the first. */
export function resolveConfig(config: Config, originOf: (key: ConfigKey) => Origin, cwd: string): Resolution {
  const resolver = new Resolver(config, originOf);
  const resolved = resolver.resolve(cwd);
  return { resolved, problems: resolver.problems, warnings: resolver.warnings };
}

class Resolver {
  readonly problems: ConfigProblem[] = [];
  readonly warnings: string[] = [];
  readonly #config: Config;
  readonly #originOf: (key: ConfigKey) => Origin;

  constructor(config: Config, originOf: (key: ConfigKey) => Origin) {
    this.#config = config;
    this.#originOf = originOf;
  }

  resolve(cwd: string): ResolvedConfig {
    const { dataDir, publicHost, log, drainSeconds } = this.#config;
    const tls = this.#resolveTls(cwd);
    const turn = this.#resolveTurn(tls);
    return {
      dataDir: resolvePath(cwd, dataDir),
      publicHost: this.#take('publicHost', publicHost, parsePublicHost(publicHost), null),
      turn,
      tls,
      http: { public: this.#resolveHttp(tls, turn.listen) },
      log,
      drainSeconds,
    };
  }

  #resolveTls(cwd: string): TlsFiles | null {
    const { certificate, key } = this.#config.tls;
    if (certificate !== null && key !== null) {
      return {
        certificate: resolvePath(cwd, this.#take('tls.certificate', certificate, parsePemPath(certificate), '')),
        key: resolvePath(cwd, this.#take('tls.key', 'PEM text', parsePemPath(key), '')),
      };
    }
    if (certificate !== null || key !== null) {
      const [given, missing] = key === null ? (['certificate', 'key'] as const) : (['key', 'certificate'] as const);
      const { refusal } = impossible(`is set without tls.${missing}. Set both, or neither.`);
      this.#refuse(`tls.${given}`, '', this.#config.tls[given], refusal);
    }
    return null;
  }

  #resolveHttp(tls: TlsFiles | null, listen: readonly TurnListener[]): ListenAddress | null {
    const text = this.#config.http.public;
    if (text === null) return null;
    const standIn = { scheme: 'http', address: { host: '*', port: 0 } } as const;
    const { scheme, address } = this.#take('http.public', text, parseHttpListener(text), standIn);
    if (scheme === 'https' && tls === null) {
      const { refusal } = impossible('needs a certificate. Set tls.certificate and tls.key, or write http://.');
      this.#refuse('http.public', '', text, refusal);
    } else if (scheme === 'http' && tls !== null && this.#originOf('http.public').layer !== 'default') {
      this.warnings.push(`http.public ${text} speaks HTTPS, because tls is set: write https:// to say so.`);
    }
    const rival = listen.find((listener) => isSameSocket(listener, { ...address, transport: 'tcp' }));
    if (rival !== undefined) {
      const { refusal } = duplicate(
        `needs port ${address.port}, which turn.listen has for ${rival.transport}://. Move one of them.`,
      );
      this.#refuse('http.public', '', text, refusal);
    }
    return address;
  }

  #resolveTurn(tls: TlsFiles | null): ResolvedConfig['turn'] {
    const { turn } = this.#config;
    const { engine, channelRange, defaultAddressFamily, strictExpiry } = turn;
    const listen = this.#resolveListen(tls);
    const relayPorts = this.#take('turn.relayPorts', turn.relayPorts, parsePortRange(turn.relayPorts), {
      first: 0,
      last: 0,
    });
    const shared = listen.find(
      ({ transport, port }) => transport === 'udp' && port >= relayPorts.first && port <= relayPorts.last,
    );
    if (shared !== undefined) {
      this.warnings.push(
        `turn.relayPorts ${turn.relayPorts} holds port ${shared.port} of turn.listen, which no relay can get.`,
      );
    }
    const auto: PublicAddress = { kind: 'auto' };
    return {
      realm: this.#take('turn.realm', turn.realm, parseRealm(turn.realm), ''),
      listen,
      publicAddress: this.#take('turn.publicAddress', turn.publicAddress, parsePublicAddress(turn.publicAddress), auto),
      relayAddress: this.#resolveRelayAddress(),
      relayPorts,
      engine,
      channelRange,
      defaultAddressFamily,
      users: this.#resolveUsers(),
      secrets: this.#resolveSecrets(),
      strictExpiry,
      alternateServers: this.#resolveAlternateServers(),
      peers: this.#resolvePeers(),
      limits: this.#resolveLimits(),
    };
  }

  #resolveListen(tls: TlsFiles | null): TurnListener[] {
    const texts = this.#config.turn.listen;
    if (texts.length === 0) {
      this.#refuse('turn.listen', '', [], impossible('names no listener. Write e.g. udp://*:3478.').refusal);
    }
    const seen: TurnListener[] = [];
    const listeners = this.#each('turn.listen', texts, (text) => {
      const result = parseTurnListener(text);
      if ('refusal' in result) return result;
      if (result.value.transport === 'tls' && tls === null) {
        return impossible('needs a certificate. Set tls.certificate and tls.key, or remove it.');
      }
      const rival = seen.findIndex((other) => isSameSocket(other, result.value));
      seen.push(result.value);
      return rival === -1
        ? result
        : duplicate(`needs the same socket as ${show(texts[rival], {})}. Remove one of them.`);
    });
    const addsTls = tls !== null && this.#originOf('turn.listen').layer === 'default';
    return addsTls ? [...listeners, defaultTlsListener] : listeners;
  }

  #resolveRelayAddress(): 'auto' | readonly IpAddress[] {
    const value = this.#config.turn.relayAddress;
    const texts = typeof value === 'string' ? [value] : value;
    if (texts.length === 1 && texts[0] === 'auto') return 'auto';
    if (texts.length === 0) {
      this.#refuse(
        'turn.relayAddress',
        '',
        value,
        malformed('names no address. Write auto, or an address of each family.').refusal,
      );
    }
    const addresses = this.#each('turn.relayAddress', texts, parseLocalAddress);
    this.#refuseRepeatedFamily('turn.relayAddress', value, addresses);
    return addresses;
  }

  #resolveAlternateServers(): ResolvedConfig['turn']['alternateServers'] {
    const value = this.#config.turn.alternateServer;
    const texts = value === null ? [] : typeof value === 'string' ? [value] : value;
    const servers = this.#each('turn.alternateServer', texts, parseAlternateServer);
    const addresses = servers.map((server) => server.ip);
    this.#refuseRepeatedFamily('turn.alternateServer', value, addresses);
    return servers;
  }

  #resolveUsers(): ResolvedConfig['turn']['users'] {
    const names = new Set<string>();
    return this.#config.turn.users.map(({ name, password }, index) => {
      const parsedName = this.#take('turn.users', name, parseUserName(name), '', `[${index}].name`);
      if (names.has(parsedName)) {
        const { refusal } = duplicate('is the name of two users. Names are unique; remove one of them.');
        this.#refuse('turn.users', `[${index}].name`, name, refusal);
      }
      names.add(parsedName);
      const parsedPassword = this.#take('turn.users', password, parseUserPassword(password), '', `[${index}].password`);
      return { name: parsedName, password: parsedPassword };
    });
  }

  #resolveSecrets(): readonly string[] {
    const texts = this.#config.turn.secrets;
    if (texts.length > maxLiveSecrets) {
      const { refusal } = impossible(
        `is more than the ${maxLiveSecrets} that are tried for a request. Remove those that nobody uses.`,
      );
      this.#refuse('turn.secrets', '', texts, refusal);
    }
    return this.#each('turn.secrets', texts, (text, index) =>
      texts.indexOf(text) < index ? duplicate('is in the list twice. Remove one of them.') : parseSecret(text),
    );
  }

  #resolvePeers(): ResolvedConfig['turn']['peers'] {
    const { peers } = this.#config.turn;
    const allow = this.#each('turn.peers.allow', peers.allow, parsePeerRange);
    const deny = this.#each('turn.peers.deny', peers.deny, parsePeerRange);
    for (const range of allow) {
      const denier = deny.find((other) => other.prefixLength <= range.prefixLength && cidrContains(other, range.ip));
      if (denier !== undefined) {
        this.warnings.push(
          `turn.peers.allow ${formatCidr(range)} has no effect: turn.peers.deny ${formatCidr(denier)} is stronger.`,
        );
      } else if (range.prefixLength === 0) {
        this.warnings.push(
          `turn.peers.allow ${formatCidr(range)} lets relayed traffic reach every ${familyOf(range)} address, those of this host, your ` +
            'private networks and the metadata service of your cloud among them. Name the networks that are meant.',
        );
      }
    }
    return { allow, deny };
  }

  #resolveLimits(): Config['turn']['limits'] {
    const { limits } = this.#config.turn;
    for (const name of ['bitsPerSecondPerAllocation', 'bitsPerSecondPerUser'] as const) {
      const rate = limits[name];
      if (rate === 0 || rate >= minBitsPerSecond) continue;
      const { refusal } = impossible(
        `lets no packet of full size pass. Write bits per second, at least ${minBitsPerSecond} (${rate}000 for ${rate} kbit/s), or 0 for no limit.`,
      );
      this.#refuse(`turn.limits.${name}`, '', rate, refusal);
    }
    return limits;
  }

  /** Parses the elements of a list; those that are refused are left out and reported. */
  #each<Value>(
    key: ConfigKey,
    texts: readonly string[],
    parse: (text: string, index: number) => Parsed<Value>,
  ): Value[] {
    return texts.flatMap((text, index) => {
      const result = parse(text, index);
      if ('value' in result) return [result.value];
      this.#refuse(key, texts.length === 1 ? '' : `[${index}]`, text, result.refusal);
      return [];
    });
  }

  /** The parsed value; where it is refused, the refusal is reported and `standIn` serves until the problems are raised. */
  #take<Value>(key: ConfigKey, value: unknown, result: Parsed<Value>, standIn: Value, path = ''): Value {
    if ('value' in result) return result.value;
    this.#refuse(key, path, value, result.refusal);
    return standIn;
  }

  #refuseRepeatedFamily(key: ConfigKey, value: unknown, addresses: readonly IpAddress[]): void {
    const family = repeatedFamily(addresses);
    if (family === undefined) return;
    const { refusal } = impossible(`names several ${family} addresses. Write at most one of each family.`);
    this.#refuse(key, '', value, refusal);
  }

  #refuse(key: ConfigKey, path: string, value: unknown, refusal: Refusal): void {
    this.problems.push(problem(`${key}${path}`, this.#originOf(key).detail, show(value, schemaAt(key, path)), refusal));
  }
}

/** The schema of an element or member, so that a secret is not shown. */
function schemaAt(key: ConfigKey, path: string): SchemaNode {
  const schema = keysByPath.get(key)?.schema ?? {};
  const element = path === '' ? schema : (schema.items ?? {});
  const member = path.split('.')[1];
  return member === undefined ? element : (element.properties?.[member] ?? {});
}

function isSameSocket(a: TurnListener, b: TurnListener): boolean {
  if ((a.transport === 'udp') !== (b.transport === 'udp') || a.port !== b.port || a.port === 0) return false;
  return a.host === '*' || b.host === '*' || ipKey(a.host) === ipKey(b.host);
}

function familyOf(range: Cidr): string {
  return range.ip.family === 4 ? 'IPv4' : 'IPv6';
}
