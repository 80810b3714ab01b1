import type { ResolvedConfig } from '../../config/resolved-config.ts';
import { formatIp } from '../../stun/ip-text.ts';
import { isLoopbackText } from './loopback.ts';
import type { PortRange } from './host-facts.ts';
import { formatRange } from './port-ranges.ts';

/** What rules are written for. */
export const firewalls = ['ufw', 'nft', 'firewalld', 'aws'] as const;

/** A firewall, or a cloud's. */
export type Firewall = (typeof firewalls)[number];

/** Ports that clients have to reach. */
export interface Opening {
  readonly protocol: 'udp' | 'tcp';
  readonly ports: PortRange;
  readonly purpose: string;
}

/** What has to be open for clients of this configuration: listeners beyond loopback, and the relay ports. Pure. */
export function openingsOf({ turn, http }: ResolvedConfig): readonly Opening[] {
  const openings: Opening[] = [];
  const add = (protocol: 'udp' | 'tcp', first: number, last: number, purpose: string): void => {
    const isKnown = openings.some((other) => other.protocol === protocol && other.ports.first === first);
    if (first !== 0 && !isKnown) openings.push({ protocol, ports: { first, last }, purpose });
  };
  for (const { transport, port } of turn.listen.filter(({ host }) => !isLoopback(host))) {
    add(transport === 'udp' ? 'udp' : 'tcp', port, port, `TURN over ${transport.toUpperCase()}`);
  }
  add('udp', turn.relayPorts.first, turn.relayPorts.last, 'relayed media');
  if (http.public !== null && !isLoopback(http.public.host)) {
    add('tcp', http.public.port, http.public.port, 'applications and health checks');
  }
  return openings;
}

/** Commands, or a file, that open these ports and nothing else. Pure. */
export function firewallRules(firewall: Firewall, openings: readonly Opening[]): readonly string[] {
  switch (firewall) {
    case 'ufw':
      return openings.map(
        ({ protocol, ports, purpose }) =>
          `ufw allow proto ${protocol} to any port ${formatRange(ports).replace('-', ':')} comment 'turnpike: ${purpose}'`,
      );
    case 'firewalld':
      return [
        ...openings.map(
          ({ protocol, ports }) => `firewall-cmd --permanent --add-port=${formatRange(ports)}/${protocol}`,
        ),
        'firewall-cmd --reload',
      ];
    case 'nft':
      return [
        '# To be put into a chain of the hook "input" that drops the rest, e.g. in /etc/nftables.conf.',
        ...openings.map(
          ({ protocol, ports, purpose }) =>
            `nft add rule inet filter input ${protocol} dport ${formatRange(ports)} accept comment '"turnpike: ${purpose}"'`,
        ),
      ];
    case 'aws':
      return [
        '# GROUP is the security group of the instance.',
        ...openings.map(
          ({ protocol, ports, purpose }) =>
            'aws ec2 authorize-security-group-ingress --group-id GROUP --ip-permissions ' +
            `'IpProtocol=${protocol},FromPort=${ports.first},ToPort=${ports.last},` +
            `IpRanges=[{CidrIp=0.0.0.0/0,Description="turnpike: ${purpose}"}],Ipv6Ranges=[{CidrIpv6=::/0}]'`,
        ),
      ];
  }
}

function isLoopback(host: '*' | Parameters<typeof formatIp>[0]): boolean {
  return host !== '*' && isLoopbackText(formatIp(host));
}
