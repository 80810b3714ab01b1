import { formatRange, missingFrom, overlap } from './port-ranges.ts';
import { ok, problem, warning, type Finding } from './finding.ts';
import { isLoopbackText } from './loopback.ts';
import type { HostFacts, PortFact } from './host-facts.ts';

/** Every configured port can be had, or is had by the running server. */
export function checkPorts({ ports }: HostFacts): Finding[] {
  const findings = ports.flatMap((port) => portFinding(port) ?? []);
  if (findings.length > 0) return findings;
  const said = ports.map(({ url, state }) => `${url} ${state === 'ours' ? 'is served' : 'is free'}`);
  return [ok('ports', `${said.join(', ')}.`)];
}

function portFinding({ key, url, state }: PortFact): Finding | null {
  switch (state) {
    case 'free':
    case 'ours':
      return null;
    case 'taken':
      return problem(
        'ports',
        `${key}: ${url} is taken by another program.`,
        `Find it with "ss -lunpt" and stop it, or set ${key} to another port.`,
      );
    case 'forbidden':
      return problem(
        'ports',
        `${key}: this user may not listen on ${url}.`,
        'Use a port above 1023, run this command as the user of the server, or grant CAP_NET_BIND_SERVICE.',
      );
    case 'absent':
      return problem(
        'ports',
        `${key}: ${url} names an address that this host does not have.`,
        `Set ${key} to "*", or to an address that "ip address" lists.`,
      );
  }
}

/** Outgoing connections of other programs take no relay ports. */
export function checkRelayPorts({ config, ephemeralPorts, reservedPorts }: HostFacts): Finding[] {
  const { relayPorts } = config.turn;
  const shown = formatRange(relayPorts);
  if (ephemeralPorts === null) return [ok('relay-ports', `Relays use UDP ports ${shown}.`)];
  const shared = overlap(relayPorts, ephemeralPorts);
  if (shared === null) {
    return [
      ok(
        'relay-ports',
        `Relays use UDP ports ${shown}, and the system gives ${formatRange(ephemeralPorts)} to others.`,
      ),
    ];
  }
  const unreserved = missingFrom(shared, reservedPorts);
  if (unreserved.length === 0) {
    return [ok('relay-ports', `Relays use UDP ports ${shown}, which the system keeps for them.`)];
  }
  return [
    warning(
      'relay-ports',
      `Relays use UDP ports ${shown}, and the system gives ${unreserved.map(formatRange).join(', ')} of them to other programs as well: ` +
        'a relay port may be taken when it is needed, and another is tried.',
      `Reserve them: echo "net.ipv4.ip_local_reserved_ports = ${[...reservedPorts, ...unreserved].map(formatRange).join(',')}" ` +
        '>/etc/sysctl.d/60-turnpike.conf && sysctl --system',
    ),
  ];
}

/** Clients can reach the addresses that they are told. */
export function checkAddresses(facts: HostFacts): Finding[] {
  const { addresses, publicAddresses, publicAddressWarnings, config } = facts;
  const found = publicAddressWarnings.map((message) =>
    warning('addresses', message, 'Set turn.publicAddress to the address that clients reach.'),
  );
  if (addresses.length === 0) {
    const message = 'This host has no address beside loopback: nobody but itself reaches it.';
    return [...found, warning('addresses', message, 'Bring a network interface up.')];
  }
  const own = addresses.map(({ text }) => text).join(', ');
  if (publicAddresses.length > 0) {
    return [...found, ok('addresses', `Clients are told ${publicAddresses.join(', ')}; this host has ${own}.`)];
  }
  if (addresses.some(({ isPublic }) => isPublic)) return [...found, ok('addresses', `This host has ${own}.`)];
  if (config.turn.publicAddress.kind === 'none') {
    return [...found, ok('addresses', `This host has ${own}, and turn.publicAddress says that clients reach these.`)];
  }
  return [
    ...found,
    warning(
      'addresses',
      `This host has no public address (${own}): clients beyond its network do not reach it.`,
      'Behind 1:1 NAT set turn.publicAddress to the outer address; for clients of this network alone set it to none.',
    ),
  ];
}

/** The name in the URLs that clients get leads here. */
export function checkPublicName({ publicName, addresses, publicAddresses }: HostFacts): Finding[] {
  if (publicName === null) return [ok('public-name', 'No name is handed out: URLs have addresses (publicHost).')];
  const { name, failure } = publicName;
  if (failure !== null) {
    return [
      problem(
        'public-name',
        `The resolver of this host does not find ${name} (${failure}).`,
        'Make a DNS record for it, or set publicHost to a name or address that clients find.',
      ),
    ];
  }
  if (publicName.addresses.every(isLoopbackText)) {
    return [
      warning(
        'public-name',
        `On this host ${name} is ${publicName.addresses.join(', ')}, which is no answer of the DNS.`,
        'See /etc/hosts; ask the DNS from elsewhere, e.g. with "dig", whether it has the public address of this host.',
      ),
    ];
  }
  const own = new Set([...publicAddresses, ...addresses.map(({ text }) => text)]);
  const foreign = publicName.addresses.filter((address) => !own.has(address));
  if (foreign.length === 0) {
    return [ok('public-name', `${name} is ${publicName.addresses.join(', ')}, which is this host.`)];
  }
  return [
    warning(
      'public-name',
      `${name} is ${foreign.join(', ')}, which is no address that this host knows for its own.`,
      'Correct the DNS record; or, if that address is translated to this host, set turn.publicAddress to it.',
    ),
  ];
}
