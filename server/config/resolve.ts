import { resolve as resolvePath } from 'node:path';
import type { Config, ConfigKey } from '../contract/config.ts';
import { maxLiveSecrets, minBitsPerSecond } from '../contract/limits.ts';
import { cidrContains, formatCidr, type Cidr } from '../stun/cidr.ts';
import type { IpAddress } from '../stun/transport-address.ts';
import {
  defaultTlsListener,
  parseAlternateServer,
  parseLocalAddress,
  parsePeerRange,
  parsePemPath,
  parsePortRange,
  parsePublicAddress,
  parsePublicHost,
  parseTurnListener,
} from './address-values.ts';
import type { ConfigProblem } from './config-error.ts';
import { parseMasterKey, parseRealm, parseSecret, parseUserName, parseUserPassword } from './credential-values.ts';
import type { Origin } from './loaded-config.ts';
import { duplicate, impossible, malformed } from './refusal.ts';
import { Reporter } from './reporter.ts';
import { resolveHttp } from './resolve-http.ts';
import type { PublicAddress, ResolvedConfig, TlsFiles, TurnListener } from './resolved-config.ts';
import { isSameSocket } from './same-socket.ts';
import { show } from './show.ts';

/** What parsing a configuration gives: the values, or the problems because of which they are of no use. */
export interface Resolution {
  readonly resolved: ResolvedConfig;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
}

/** Parses the texts of a configuration that fits its schema. Finds every problem, not the first. */
export function resolveConfig(config: Config, originOf: (key: ConfigKey) => Origin, cwd: string): Resolution {
  const report = new Reporter(originOf);
  const resolved = new Resolver(config, report).resolve(cwd);
  return { resolved, problems: report.problems, warnings: report.warnings };
}

class Resolver {
  readonly #config: Config;
  readonly #report: Reporter;

  constructor(config: Config, report: Reporter) {
    this.#config = config;
    this.#report = report;
  }

  resolve(cwd: string): ResolvedConfig {
    const { dataDir, publicHost, log, drainSeconds, masterKey, retention } = this.#config;
    const tls = this.#resolveTls(cwd);
    const turn = this.#resolveTurn(tls);
    return {
      dataDir: resolvePath(cwd, dataDir),
      publicHost: this.#report.take('publicHost', publicHost, parsePublicHost(publicHost), null),
      turn,
      tls,
      http: resolveHttp(this.#config.http, { hasTls: tls !== null, turnListen: turn.listen }, this.#report),
      masterKey: this.#report.take('masterKey', masterKey, parseMasterKey(masterKey), null),
      retention,
      log,
      drainSeconds,
    };
  }

  #resolveTls(cwd: string): TlsFiles | null {
    const { certificate, key } = this.#config.tls;
    if (certificate !== null && key !== null) {
      return {
        certificate: resolvePath(cwd, this.#report.take('tls.certificate', certificate, parsePemPath(certificate), '')),
        key: resolvePath(cwd, this.#report.take('tls.key', 'PEM text', parsePemPath(key), '')),
      };
    }
    if (certificate !== null || key !== null) {
      const [given, missing] = key === null ? (['certificate', 'key'] as const) : (['key', 'certificate'] as const);
      const { refusal } = impossible(`is set without tls.${missing}. Set both, or neither.`);
      this.#report.refuse(`tls.${given}`, '', this.#config.tls[given], refusal);
    }
    return null;
  }

  #resolveTurn(tls: TlsFiles | null): ResolvedConfig['turn'] {
    const { turn } = this.#config;
    const { engine, channelRange, defaultAddressFamily, strictExpiry } = turn;
    const listen = this.#resolveListen(tls);
    const relayPorts = this.#report.take('turn.relayPorts', turn.relayPorts, parsePortRange(turn.relayPorts), {
      first: 0,
      last: 0,
    });
    const shared = listen.find(
      ({ transport, port }) => transport === 'udp' && port >= relayPorts.first && port <= relayPorts.last,
    );
    if (shared !== undefined) {
      this.#report.warnings.push(
        `turn.relayPorts ${turn.relayPorts} holds port ${shared.port} of turn.listen, which no relay can get.`,
      );
    }
    const auto: PublicAddress = { kind: 'auto' };
    return {
      realm: this.#report.take('turn.realm', turn.realm, parseRealm(turn.realm), ''),
      listen,
      publicAddress: this.#report.take(
        'turn.publicAddress',
        turn.publicAddress,
        parsePublicAddress(turn.publicAddress),
        auto,
      ),
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
      this.#report.refuse('turn.listen', '', [], impossible('names no listener. Write e.g. udp://*:3478.').refusal);
    }
    const seen: TurnListener[] = [];
    const listeners = this.#report.each('turn.listen', texts, (text) => {
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
    const addsTls = tls !== null && !this.#report.isGiven('turn.listen');
    return addsTls ? [...listeners, defaultTlsListener] : listeners;
  }

  #resolveRelayAddress(): 'auto' | readonly IpAddress[] {
    const value = this.#config.turn.relayAddress;
    const texts = typeof value === 'string' ? [value] : value;
    if (texts.length === 1 && texts[0] === 'auto') return 'auto';
    if (texts.length === 0) {
      this.#report.refuse(
        'turn.relayAddress',
        '',
        value,
        malformed('names no address. Write auto, or an address of each family.').refusal,
      );
    }
    const addresses = this.#report.each('turn.relayAddress', texts, parseLocalAddress);
    this.#report.refuseRepeatedFamily('turn.relayAddress', value, addresses);
    return addresses;
  }

  #resolveAlternateServers(): ResolvedConfig['turn']['alternateServers'] {
    const value = this.#config.turn.alternateServer;
    const texts = value === null ? [] : typeof value === 'string' ? [value] : value;
    const servers = this.#report.each('turn.alternateServer', texts, parseAlternateServer);
    const addresses = servers.map((server) => server.ip);
    this.#report.refuseRepeatedFamily('turn.alternateServer', value, addresses);
    return servers;
  }

  #resolveUsers(): ResolvedConfig['turn']['users'] {
    const names = new Set<string>();
    return this.#config.turn.users.map(({ name, password }, index) => {
      const parsedName = this.#report.take('turn.users', name, parseUserName(name), '', `[${index}].name`);
      if (names.has(parsedName)) {
        const { refusal } = duplicate('is the name of two users. Names are unique; remove one of them.');
        this.#report.refuse('turn.users', `[${index}].name`, name, refusal);
      }
      names.add(parsedName);
      const parsedPassword = this.#report.take(
        'turn.users',
        password,
        parseUserPassword(password),
        '',
        `[${index}].password`,
      );
      return { name: parsedName, password: parsedPassword };
    });
  }

  #resolveSecrets(): readonly string[] {
    const texts = this.#config.turn.secrets;
    if (texts.length > maxLiveSecrets) {
      const { refusal } = impossible(
        `is more than the ${maxLiveSecrets} that are tried for a request. Remove those that nobody uses.`,
      );
      this.#report.refuse('turn.secrets', '', texts, refusal);
    }
    return this.#report.each('turn.secrets', texts, (text, index) =>
      texts.indexOf(text) < index ? duplicate('is in the list twice. Remove one of them.') : parseSecret(text),
    );
  }

  #resolvePeers(): ResolvedConfig['turn']['peers'] {
    const { peers } = this.#config.turn;
    const allow = this.#report.each('turn.peers.allow', peers.allow, parsePeerRange);
    const deny = this.#report.each('turn.peers.deny', peers.deny, parsePeerRange);
    for (const range of allow) {
      const denier = deny.find((other) => other.prefixLength <= range.prefixLength && cidrContains(other, range.ip));
      if (denier !== undefined) {
        this.#report.warnings.push(
          `turn.peers.allow ${formatCidr(range)} has no effect: turn.peers.deny ${formatCidr(denier)} is stronger.`,
        );
      } else if (range.prefixLength === 0) {
        this.#report.warnings.push(
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
      this.#report.refuse(`turn.limits.${name}`, '', rate, refusal);
    }
    return limits;
  }
}

function familyOf(range: Cidr): string {
  return range.ip.family === 4 ? 'IPv4' : 'IPv6';
}
