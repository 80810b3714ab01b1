import { formatTransportAddress } from '../stun/ip-text.ts';
import type { CertificateSummary } from '../contract/control.ts';
import type { BoundListener } from './relay-messages.ts';
import type { ApplianceStarted } from './running-parts.ts';

/** What a started appliance tells the person who started it. */
export interface Summary extends ApplianceStarted {
  readonly version: string;
  readonly configFile: string | null;
  readonly realm: string;
  readonly relayPorts: { readonly first: number; readonly last: number };
  readonly allowedPeers: readonly string[];
}

/** The summary as text, lines of a width that a terminal holds. */
export function renderSummary(summary: Summary): string {
  const rows: (readonly [string, string])[] = [
    ...byTransport(summary.listeners),
    ['Relays', `UDP ports ${summary.relayPorts.first}-${summary.relayPorts.last}: open them in the firewall`],
    ...(summary.publicAddress === null ? [] : [['Public address', summary.publicAddress] as const]),
    ['Clients use', [...summary.urls.stun, ...summary.urls.turn].join('\n')],
    ...(summary.certificate === null ? [] : [['Certificate', certificateLine(summary.certificate)] as const]),
    ['Realm', summary.realm],
    ['Health', summary.publicUrl === null ? 'no HTTP listener' : `${summary.publicUrl}/livez and /readyz`],
    ['Admin', adminLines(summary)],
    ...(summary.setupUrl === null ? [] : [['Set it up', setupLines(summary.setupUrl)] as const]),
    ['Engine', summary.engine],
    ['Config', summary.configFile ?? 'none: defaults, flags and environment'],
    ['Data', summary.dataDir ?? 'nothing is kept on disk'],
    ['Private peers', privatePeers(summary.allowedPeers)],
  ];
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  const lines = rows.map(
    ([label, value]) => `  ${label.padEnd(width)}${value.replaceAll('\n', `\n  ${' '.repeat(width)}`)}`,
  );
  const warnings = summary.warnings.map((warning) => `  Warning: ${warning}`);
  return [
    `Turnpike ${summary.version} is serving.`,
    '',
    ...lines,
    ...(warnings.length === 0 ? [] : ['', ...warnings]),
    '',
    '  Try it:  npx turnpike ice    prints iceServers to paste into a page',
    '',
  ].join('\n');
}

function byTransport(listeners: readonly BoundListener[]): (readonly [string, string])[] {
  return (['udp', 'tcp', 'tls'] as const)
    .map((transport) => listeners.filter((listener) => listener.transport === transport))
    .filter((bound) => bound.length > 0)
    .map((bound) => [
      `TURN ${bound[0]?.transport ?? ''}`,
      bound.map((listener) => formatTransportAddress(listener.address)).join('\n'),
    ]);
}

function adminLines({ adminUrl, adminFingerprint }: Summary): string {
  if (adminUrl === null) return 'no listener (http.admin); commands on this host work without';
  if (adminFingerprint === null) return adminUrl;
  return `${adminUrl}\nits certificate was made here; its SHA-256 fingerprint is\n${adminFingerprint}`;
}

/** The link works for 30 minutes; on loopback it is reached from elsewhere through ssh. */
function setupLines(setupUrl: string): string {
  const { hostname, port } = new URL(setupUrl);
  const isLocal = /^(?:localhost|127\.|\[::1\])/.test(hostname);
  const here = `${setupUrl}\nmakes the first owner, within 30 minutes ("turnpike admin setup-link" prints a fresh one)`;
  if (!isLocal) return here;
  return (
    `${here}\nfrom another machine: ssh -L ${port}:${hostname}:${port} USER@THIS-HOST, then open it there;` +
    '\nor reach it by HTTPS: --http-admin https://*:8443'
  );
}

/** A certificate may be for a hundred names; a terminal is not. */
const shownNames = 4;

/** A certificate in few words: `turn.example.org, until 2027-01-31`. */
export function certificateLine({ names, expiresAt }: CertificateSummary): string {
  const shown = names.slice(0, shownNames).join(', ');
  const more = names.length > shownNames ? ` and ${names.length - shownNames} more names` : '';
  return `${shown}${more}, until ${expiresAt.slice(0, 10)}`;
}

function privatePeers(allowed: readonly string[]): string {
  return allowed.length === 0
    ? 'none: relayed traffic reaches public addresses and our own relays only (turn.peers.allow opens a network)'
    : `relayed traffic may also reach ${allowed.join(', ')}`;
}
