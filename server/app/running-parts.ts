import { networkInterfaces } from 'node:os';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { CertificateSummary, HealthReply } from '../contract/control.ts';
import type { CredentialSet } from '../credentials/credential-set.ts';
import type { IceUrls } from '../credentials/ice-servers.ts';
import { formatTransportAddress } from '../stun/ip-text.ts';
import { interfaceAddresses, planTranslations } from './address-plan.ts';
import { healthStatusOf, type AppliancePhase } from './appliance-phase.ts';
import { firstHostName } from './certificate.ts';
import type { ControlServer } from './control-server.ts';
import type { HttpListener } from './http-listener.ts';
import { iceUrls } from './ice-urls.ts';
import type { KeptState } from './kept-state.ts';
import type { FoundPublicAddress } from './public-address.ts';
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
  /** What TLS clients are served with; null without TLS. */
  readonly certificate: CertificateSummary | null;
  /** What a cloud has told of this host's public address, for people; null when none has. */
  readonly publicAddress: string | null;
  readonly urls: IceUrls;
  readonly warnings: readonly string[];
}

/** The parts of an appliance that exist from the start to the stop. */
export interface RunningParts {
  readonly config: ResolvedConfig;
  readonly state: KeptState;
  readonly credentials: CredentialSet;
  readonly control: ControlServer | null;
  readonly link: RelayLink;
  readonly http: HttpListener | null;
  readonly certificate: WatchedCertificate | null;
  readonly found: FoundPublicAddress;
  readonly startedAtMs: number;
  readonly warnings: readonly string[];
  listeners: readonly BoundListener[];
  engine: string;
}

/** What an appliance tells of itself, as it is now. */
export function describeStarted(running: RunningParts): ApplianceStarted {
  return {
    dataDir: running.state.path,
    engine: running.engine,
    listeners: running.listeners,
    publicUrl: running.http?.url ?? null,
    certificate: certificateSummary(running),
    publicAddress: running.found.origin,
    urls: urlsOf(running),
    warnings: running.warnings,
  };
}

/** How a running appliance is; `relay` is null while its thread does not answer. */
export function describeHealth(running: RunningParts, phase: AppliancePhase, relay: RelayStatus | null): HealthReply {
  const http = running.http === null ? [] : [{ role: 'http', url: running.http.url }];
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

/** A bound listener as it is configured: `udp://192.0.2.1:3478`. */
export function listenerUrl({ transport, address }: BoundListener): string {
  return `${transport}://${formatTransportAddress(address)}`;
}

function certificateSummary({ certificate }: RunningParts): CertificateSummary | null {
  if (certificate === null) return null;
  const { names, expiresAtMs } = certificate.current;
  return { names, expiresAt: new Date(expiresAtMs).toISOString() };
}
