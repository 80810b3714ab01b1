import { networkInterfaces } from 'node:os';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { CertificateSummary, HealthReply } from '../contract/control.ts';
import type { IceUrls } from '../credentials/ice-servers.ts';
import { formatTransportAddress } from '../stun/ip-text.ts';
import { AddressTranslator } from '../stun/address-translation.ts';
import { interfaceAddresses, outwardAddress, planTranslations } from './address-plan.ts';
import { healthStatusOf, type AppliancePhase } from './appliance-phase.ts';
import { firstHostName } from './certificate.ts';
import type { ControlServer } from './control-server.ts';
import type { HttpSurface } from './no-http.ts';
import { iceUrls, urlHost } from './ice-urls.ts';
import type { KeptState } from './kept-state.ts';
import type { FoundPublicAddress } from './public-address.ts';
import type { Records } from './records.ts';
import type { RelayLink } from './relay-link.ts';
import type { BoundListener, RelayStatus } from './relay-messages.ts';
import { version } from './version.ts';
import type { WatchedCertificate } from './watched-certificate.ts';

/** What a started appliance serves with. */
export interface ApplianceStarted {
  /** Null: nothing is kept on disk. */
  readonly dataDir: string | null;
  readonly engine: string;
  readonly listeners: readonly BoundListener[];
  /** The public HTTP listener, e.g. `http://*:8080`; null when it is off. */
  readonly publicUrl: string | null;
  /** The admin listener; null when it is off. */
  readonly adminUrl: string | null;
  /** The fingerprint of the certificate that was made for the admin listener; null where none was. */
  readonly adminFingerprint: string | null;
  /** By which the first owner makes an account; null where there is one, or no admin listener. */
  readonly setupUrl: string | null;
  /** What TLS clients are served with; null without TLS. */
  readonly certificate: CertificateSummary | null;
  /** What a cloud has told of this host's public address, for people; null when none has. */
  readonly publicAddress: string | null;
  readonly urls: IceUrls;
  readonly warnings: readonly string[];
}

/** The parts of an appliance that exist from the start to the stop. */
export interface RunningParts {
  config: ResolvedConfig;
  readonly state: KeptState;
  readonly records: Records;
  readonly control: ControlServer | null;
  readonly link: RelayLink;
  readonly http: HttpSurface;
  readonly certificate: WatchedCertificate | null;
  readonly found: FoundPublicAddress;
  readonly startedAtMs: number;
  readonly warnings: readonly string[];
  listeners: readonly BoundListener[];
  engine: string;
}

/** What an appliance tells of itself, as it is now. */
export function describeStarted(running: RunningParts): Omit<ApplianceStarted, 'setupUrl'> {
  return {
    dataDir: running.state.path,
    engine: running.engine,
    listeners: running.listeners,
    publicUrl: running.http.public?.url ?? null,
    adminUrl: running.http.admin?.url ?? null,
    adminFingerprint: running.http.adminCertificate?.fingerprint ?? null,
    certificate: certificateSummary(running),
    publicAddress: running.found.origin,
    urls: urlsOf(running),
    warnings: running.warnings,
  };
}

/** How a running appliance is; `relay` is null while its thread does not answer. */
export function describeHealth(running: RunningParts, phase: AppliancePhase, relay: RelayStatus | null): HealthReply {
  const http = (['public', 'admin', 'metrics'] as const).flatMap((role) => {
    const listener = running.http[role];
    return listener === null ? [] : [{ role: role === 'public' ? 'http' : role, url: listener.url }];
  });
  return {
    status: relay === null ? 'degraded' : healthStatusOf(phase),
    version,
    uptimeSeconds: Math.floor((Date.now() - running.startedAtMs) / 1000),
    allocations: relay?.allocations ?? 0,
    listeners: [...running.listeners.map((listener) => ({ role: 'turn', url: listenerUrl(listener) })), ...http],
    certificate: certificateSummary(running),
    engine: running.engine,
    dataDir: running.state.path,
    counts: relay?.counts ?? {},
  };
}

/** The URLs of everything that listens now, with the name or address that clients are to call. */
export function urlsOf({ config, listeners, certificate, found }: RunningParts): IceUrls {
  const certified = certificate === null ? null : firstHostName(certificate.current);
  const interfaces = interfaceAddresses(networkInterfaces());
  const { publicAddress } = found;
  const { relayAddress } = config.turn;
  const translations = planTranslations({ interfaces, publicAddress, relayAddress });
  return iceUrls({ listeners, publicHost: config.publicHost ?? certified, interfaces, translations });
}

/** Where applications and clients reach the public listener, without a slash at its end; empty when there is none. */
export function publicUrlOf(running: RunningParts): string {
  const { config, certificate } = running;
  const http = running.http.public;
  if (config.http.publicUrl !== null) return config.http.publicUrl;
  if (http === null) return '';
  const certified = certificate === null ? null : firstHostName(certificate.current);
  const [turnUrl] = urlsOf(running).stun;
  const host = config.publicHost ?? certified ?? /^stuns?:(.*):[0-9]+/.exec(turnUrl ?? '')?.[1] ?? 'localhost';
  const { protocol } = new URL(http.url.replace('*', 'localhost'));
  return `${protocol}//${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${http.port}`;
}

/** Where browsers reach the console, without a slash at its end; empty when there is no admin listener. */
export function consoleUrlOf({ config, http, found }: RunningParts): string {
  if (config.http.adminUrl !== null) return config.http.adminUrl;
  if (http.admin === null) return '';
  const interfaces = interfaceAddresses(networkInterfaces());
  const { relayAddress } = config.turn;
  const translator = new AddressTranslator(
    planTranslations({ interfaces, publicAddress: found.publicAddress, relayAddress }),
  );
  const outward = outwardAddress(interfaces.map((ip) => translator.toPublic(ip)));
  return http.admin.url.replace('*', outward === null ? 'localhost' : urlHost(outward));
}

/** A bound listener as it is configured: `udp://192.0.2.1:3478`. */
export function listenerUrl({ transport, address }: BoundListener): string {
  return `${transport}://${formatTransportAddress(address)}`;
}

function certificateSummary({ certificate }: RunningParts): CertificateSummary | null {
  if (certificate === null) return null;
  const { names, expiresAtMs } = certificate.current;
  return { names, expiresAt: new Date(expiresAtMs).toISOString() };
}
