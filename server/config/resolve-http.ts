import type { Config, ConfigKey } from '../contract/config.ts';
import type { IpAddress } from '../stun/transport-address.ts';
import { parseHttpListener, parseHttpUrl, parsePeerRange } from './address-values.ts';
import { duplicate, impossible } from './refusal.ts';
import type { Reporter } from './reporter.ts';
import type { HttpListen, ListenAddress, ResolvedConfig, TurnListener } from './resolved-config.ts';
import { isSameSocket } from './same-socket.ts';

/** What the HTTP listeners stand beside. */
interface Surroundings {
  readonly hasTls: boolean;
  readonly turnListen: readonly TurnListener[];
}

type HttpKey = ConfigKey & `http.${string}`;

/** Parses `http`. Finds every problem. */
export function resolveHttp(http: Config['http'], around: Surroundings, report: Reporter): ResolvedConfig['http'] {
  const publicListen = http.public === null ? null : resolveListen('http.public', http.public, report);
  const admin = http.admin === null ? null : resolveListen('http.admin', http.admin, report);
  const metrics = http.metrics === null ? null : resolveListen('http.metrics', http.metrics, report);
  checkPublicScheme(http.public, publicListen, around.hasTls, report);
  if (admin?.scheme === 'http' && !isLoopback(admin)) {
    report.refuse(
      'http.admin',
      '',
      http.admin,
      impossible(
        'is plain HTTP, which would show passwords to the network. Write https:// (a certificate is made where none is configured), ' +
          'or 127.0.0.1 behind a proxy or "ssh -L".',
      ).refusal,
    );
  }
  refuseSharedSockets(
    { 'http.public': publicListen, 'http.admin': admin, 'http.metrics': metrics },
    around,
    http,
    report,
  );
  return {
    public: publicListen === null ? null : { host: publicListen.host, port: publicListen.port },
    admin,
    metrics,
    publicUrl: report.take('http.publicUrl', http.publicUrl, parseHttpUrl(http.publicUrl), null),
    adminUrl: report.take('http.adminUrl', http.adminUrl, parseHttpUrl(http.adminUrl), null),
    trustedProxies: report.each('http.trustedProxies', http.trustedProxies, parsePeerRange),
  };
}

function resolveListen(key: HttpKey, text: string, report: Reporter): HttpListen | null {
  const parsed = report.take(key, text, parseHttpListener(text), null);
  return parsed === null ? null : { scheme: parsed.scheme, ...parsed.address };
}

function checkPublicScheme(text: string | null, listen: HttpListen | null, hasTls: boolean, report: Reporter): void {
  if (listen?.scheme === 'https' && !hasTls) {
    const { refusal } = impossible('needs a certificate. Set tls.certificate and tls.key, or write http://.');
    report.refuse('http.public', '', text, refusal);
  } else if (listen?.scheme === 'http' && hasTls && report.isGiven('http.public')) {
    report.warnings.push(`http.public ${text ?? ''} speaks HTTPS, because tls is set: write https:// to say so.`);
  }
}

function refuseSharedSockets(
  listeners: Partial<Record<HttpKey, HttpListen | null>>,
  { turnListen }: Surroundings,
  http: Config['http'],
  report: Reporter,
): void {
  const taken: { readonly what: string; readonly listener: TurnListener }[] = turnListen.map((listener) => ({
    what: `turn.listen has for ${listener.transport}://`,
    listener,
  }));
  for (const [key, listen] of Object.entries(listeners) as [HttpKey, HttpListen | null][]) {
    if (listen === null) continue;
    const listener = { ...listen, transport: 'tcp' } as const;
    const rival = taken.find((other) => isSameSocket(other.listener, listener));
    if (rival !== undefined) {
      const text = http[key.slice('http.'.length) as 'public' | 'admin' | 'metrics'];
      report.refuse(
        key,
        '',
        text,
        duplicate(`needs port ${listen.port}, which ${rival.what}. Move one of them.`).refusal,
      );
    }
    taken.push({ what: `${key} has`, listener });
  }
}

function isLoopback({ host }: ListenAddress): boolean {
  return host !== '*' && isLoopbackIp(host);
}

function isLoopbackIp(ip: IpAddress): boolean {
  return ip.family === 4 ? ip.w0 >>> 24 === 127 : ip.w0 === 0 && ip.w1 === 0 && ip.w2 === 0 && ip.w3 === 1;
}
