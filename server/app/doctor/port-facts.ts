import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ListenAddress, ResolvedConfig } from '../../config/resolved-config.ts';
import type { HealthReply } from '../../contract/control.ts';
import { formatIp } from '../../stun/ip-text.ts';
import { isMissingAddress, systemErrorCode } from '../errors.ts';
import { urlHost } from '../ice-urls.ts';
import type { PortFact } from './host-facts.ts';

interface Wish extends ListenAddress {
  readonly key: string;
  readonly scheme: string;
}

/** Whether every port that the configuration asks for can be had. Each is bound for a moment, unless the running server has it. */
export async function portFacts(config: ResolvedConfig, running: HealthReply | null): Promise<PortFact[]> {
  const facts: PortFact[] = [];
  for (const wish of wishesOf(config)) {
    const { key, scheme, host, port } = wish;
    const url = `${scheme}://${host === '*' ? '*' : urlHost(host)}:${port}`;
    facts.push({ key, url, state: isServed(wish, running) ? 'ours' : await tryPort(wish) });
  }
  return facts;
}

function wishesOf({ turn, http, tls }: ResolvedConfig): Wish[] {
  const publicScheme = tls === null ? 'http' : 'https';
  return [
    ...turn.listen.map(({ transport, host, port }) => ({ key: 'turn.listen', scheme: transport, host, port })),
    ...(http.public === null ? [] : [{ key: 'http.public', scheme: publicScheme, ...http.public }]),
    ...(http.admin === null ? [] : [{ key: 'http.admin', ...http.admin }]),
    ...(http.metrics === null ? [] : [{ key: 'http.metrics', ...http.metrics }]),
  ];
}

function isServed({ scheme, port }: Wish, running: HealthReply | null): boolean {
  const urls = running?.listeners.map(({ url }) => url) ?? [];
  return urls.some((url) => url.startsWith(`${scheme}://`) && (port === 0 || url.endsWith(`:${port}`)));
}

async function tryPort(wish: Wish): Promise<PortFact['state']> {
  const hosts = wish.host === '*' ? ['0.0.0.0', '::'] : [formatIp(wish.host)];
  let state: PortFact['state'] = 'absent';
  for (const host of hosts) {
    const tried = await bindOnce(wish.scheme === 'udp' ? 'udp' : 'tcp', host, wish.port);
    if (tried === 'taken' || tried === 'forbidden') return tried;
    // A family that the host lacks is skipped, as the server skips it.
    if (tried === 'free') state = 'free';
  }
  return state;
}

async function bindOnce(transport: 'udp' | 'tcp', host: string, port: number): Promise<PortFact['state']> {
  try {
    if (transport === 'udp') {
      const type = host.includes(':') ? 'udp6' : 'udp4';
      const socket = createSocket({ type, ipv6Only: type === 'udp6' });
      try {
        socket.bind({ address: host, port, exclusive: true });
        await once(socket, 'listening');
      } finally {
        socket.close();
      }
    } else {
      const server = createServer();
      server.listen({ host, port, ipv6Only: true, exclusive: true });
      await once(server, 'listening');
      server.close();
    }
    return 'free';
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EACCES' || code === 'EPERM') return 'forbidden';
    return isMissingAddress(code) ? 'absent' : 'taken';
  }
}
