import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../server/config/load.ts';
import type { ConfigKey } from '../../server/contract/config.ts';
import { problemsOf } from './given-config.ts';

describe('one clear message names the key, the value, where it comes from and the fix', () => {
  test.each<[ConfigKey, string[], string]>([
    ['turn.relayPorts', ['49152-1000'], '"49152-1000" ends before it begins. Write the lower port first: 1000-49152.'],
    [
      'turn.relayPorts',
      ['80-1000'],
      '"80-1000" begins below 1024, among ports of other services. Write e.g. 49152-65535.',
    ],
    ['turn.relayPorts', ['49152-65536'], '"49152-65536" goes beyond port 65535. Write e.g. 49152-65535.'],
    ['turn.relayPorts', ['49152'], '"49152" is no range of ports. Write e.g. 49152-65535.'],
    ['turn.relayPorts', [''], '"" is no range of ports. Write e.g. 49152-65535.'],
    ['turn.peers.allow', ['10.0.0.0'], '"10.0.0.0" has no prefix length. For this address alone write 10.0.0.0/32.'],
    [
      'turn.peers.allow',
      ['10.0.0.0/33'],
      '"10.0.0.0/33" is no address range. Write e.g. 10.1.2.0/24 or fd12:3456:789a::/48.',
    ],
    [
      'turn.peers.deny',
      ['2001:db8::1/33'],
      '"2001:db8::1/33" has bits set after its prefix. The network is 2001:db8::/33; the address alone is 2001:db8::1/128.',
    ],
    [
      'turn.peers.deny',
      ['example.org/8'],
      '"example.org/8" is no address range. Write e.g. 10.1.2.0/24 or fd12:3456:789a::/48.',
    ],
    ['turn.listen', ['*:3478'], '"*:3478" has no transport. Write udp://*:3478, tcp://*:3478 or tls://*:3478.'],
    [
      'turn.listen',
      ['dtls://*:5349'],
      '"dtls://*:5349" asks for the transport dtls, which this version does not serve. Write udp://, tcp:// or tls://.',
    ],
    [
      'turn.listen',
      ['tls://*:5349'],
      '"tls://*:5349" needs a certificate. Set tls.certificate and tls.key, or remove it.',
    ],
    ['tls.certificate', ['chain.pem'], '"chain.pem" is set without tls.key. Set both, or neither.'],
    ['tls.key', ['key.pem'], '"key.pem" is set without tls.certificate. Set both, or neither.'],
    ['tls.certificate', [''], '"" is empty. Write the path of a PEM file, or null.'],
    ['turn.listen', ['udp://*'], '"udp://*" has no port. Write e.g. udp://*:3478; an IPv6 address stands in brackets.'],
    [
      'turn.listen',
      ['udp://2001:db8::1:3478'],
      '"udp://2001:db8::1:3478" has no port. Write e.g. udp://*:3478; an IPv6 address stands in brackets.',
    ],
    [
      'turn.listen',
      ['udp://turn.example.org:3478'],
      '"udp://turn.example.org:3478" names the host "turn.example.org", which is no IP address. Write *, 192.0.2.1 or [2001:db8::1].',
    ],
    [
      'turn.listen',
      ['tcp://*:65536'],
      '"tcp://*:65536" has the port "65536". Write a port from 0 (any that is free) to 65535.',
    ],
    [
      'turn.listen',
      ['udp://0.0.0.0:3478'],
      '"udp://0.0.0.0:3478" is bound to every address at once, which answers from the wrong one of several. Write udp://*:3478: a socket for each.',
    ],
    [
      'turn.listen',
      ['udp://[::]:3478'],
      '"udp://[::]:3478" is bound to every address at once, which answers from the wrong one of several. Write udp://*:3478: a socket for each.',
    ],
    [
      'turn.listen',
      ['udp://[fe80::1]:3478'],
      '"udp://[fe80::1]:3478" names a link-local address, which means nothing without its interface. Write *, or another address of this host.',
    ],
    [
      'turn.listen',
      ['tcp://[febf:ffff::1]:3478'],
      '"tcp://[febf:ffff::1]:3478" names a link-local address, which means nothing without its interface. Write *, or another address of this host.',
    ],
    ['turn.listen', [''], '[] names no listener. Write e.g. udp://*:3478.'],
    [
      'turn.alternateServer',
      ['turn.example.org'],
      '"turn.example.org" is not an IP address with a port; a name cannot be sent. Write e.g. 192.0.2.7:3478 or [2001:db8::7]:3478.',
    ],
    ['turn.alternateServer', ['192.0.2.7:0'], '"192.0.2.7:0" has no port from 1 to 65535. Write e.g. 192.0.2.7:3478.'],
    [
      'turn.alternateServer',
      ['192.0.2.7', '192.0.2.8'],
      '["192.0.2.7","192.0.2.8"] names several IPv4 addresses. Write at most one of each family.',
    ],
    [
      'turn.relayAddress',
      ['eth0'],
      '"eth0" is not an IP address. Write e.g. 192.0.2.1 or 2001:db8::1, without brackets or a port.',
    ],
    [
      'turn.relayAddress',
      ['0.0.0.0'],
      '"0.0.0.0" is every address, and relays need one. Write auto, or the address of an interface.',
    ],
    [
      'turn.relayAddress',
      ['fe80::1'],
      '"fe80::1" is a link-local address, which peers cannot reach. Write auto, or another address of this host.',
    ],
    [
      'turn.relayAddress',
      ['192.0.2.1,192.0.2.2'],
      '["192.0.2.1","192.0.2.2"] names several IPv4 addresses. Write at most one of each family.',
    ],
    [
      'turn.publicAddress',
      ['turn.example.org'],
      '"turn.example.org" names "turn.example.org", which is no IP address. Write e.g. 203.0.113.5, auto, or none.',
    ],
    [
      'turn.publicAddress',
      ['203.0.113.5,203.0.113.6'],
      '["203.0.113.5","203.0.113.6"] names several IPv4 addresses. Write local=public pairs to say which stands for which.',
    ],
    [
      'turn.publicAddress',
      ['10.0.0.5=203.0.113.5,203.0.113.6'],
      '["10.0.0.5=203.0.113.5","203.0.113.6"] mixes addresses and local=public pairs. Write a pair for each address.',
    ],
    [
      'turn.publicAddress',
      ['10.0.0.5=2001:db8::1'],
      '"10.0.0.5=2001:db8::1" pairs two families in "10.0.0.5=2001:db8::1". Both sides are IPv4 or both are IPv6.',
    ],
    [
      'turn.publicAddress',
      ['10.0.0.5=203.0.113.5,10.0.0.5=203.0.113.6'],
      '["10.0.0.5=203.0.113.5","10.0.0.5=203.0.113.6"] names an address of "10.0.0.5=203.0.113.6" in two pairs. Each local and each public address stands in one.',
    ],
    ['turn.realm', [''], '"" is empty. Write a name, e.g. example.org.'],
    [
      'turn.realm',
      ['a\tb'],
      '"a\\tb" has characters that the protocol does not allow (controls, unassigned or invisible ones; RFC 8265 section 4.2). Write a name of plain letters, e.g. example.org.',
    ],
    [
      'turn.realm',
      ['r'.repeat(128)],
      `"${'r'.repeat(76)}... is 128 bytes long. It is sent to every stranger that asks; write at most 127, better under 30.`,
    ],
    [
      'turn.limits.bitsPerSecondPerUser',
      ['512'],
      '512 lets no packet of full size pass. Write bits per second, at least 16000 (512000 for 512 kbit/s), or 0 for no limit.',
    ],
    [
      'turn.limits.bitsPerSecondPerUser',
      ['2M'],
      '"2M" is text. Write a whole number of bits per second from 0 to 1000000000000 (0 = no limit). Without quotes and unit: 2000000.',
    ],
    [
      'turn.limits.allocationsTotal',
      ['-1'],
      '-1 is out of range. Write a whole number of allocations from 0 to 1000000 (0 = no limit).',
    ],
    [
      'turn.limits.allocationsTotal',
      ['1.5'],
      '"1.5" is text. Write a whole number of allocations from 0 to 1000000 (0 = no limit).',
    ],
    [
      'drainSeconds',
      ['2m'],
      '"2m" is text. Write a whole number of seconds from 0 to 86400. Without quotes and unit: 120.',
    ],
    ['drainSeconds', ['86401'], '86401 is out of range. Write a whole number of seconds from 0 to 86400.'],
    ['turn.strictExpiry', ['yes'], '"yes" is text. Write true or false.'],
    ['turn.engine', ['native'], '"native" is not a choice. Write one of auto, js.'],
    [
      'turn.channelRange',
      ['rfc8665'],
      '"rfc8665" is not a choice. Write one of rfc8656, rfc5766. Did you mean rfc8656?',
    ],
    ['log.format', ['xml'], '"xml" is not a choice. Write one of auto, json, text.'],
    [
      'http.public',
      ['https://*:8443'],
      '"https://*:8443" needs a certificate. Set tls.certificate and tls.key, or write http://.',
    ],
    ['http.public', ['ws://*:8080'], '"ws://*:8080" asks for ws. Write http:// or https://.'],
    ['http.public', ['8080'], '"8080" is no URL. Write http://*:8080, http://127.0.0.1:8080 or null.'],
    ['http.public', ['none'], '"none" is no URL. Write http://*:8080, http://127.0.0.1:8080 or null.'],
    [
      'http.public',
      ['http://127.0.0.1'],
      '"http://127.0.0.1" has no port. Write e.g. http://*:8080; an IPv6 address stands in brackets.',
    ],
    [
      'http.public',
      ['http://[fe80::1]:8080'],
      '"http://[fe80::1]:8080" names a link-local address, which means nothing without its interface. Write *, or another address of this host.',
    ],
    [
      'publicHost',
      ['https://turn.example.org'],
      '"https://turn.example.org" is a URL. Write the name or address alone, e.g. turn.example.org.',
    ],
    [
      'publicHost',
      ['turn.example.org:3478'],
      '"turn.example.org:3478" has a port or brackets. Write the name or address alone; ports are those of turn.listen.',
    ],
    [
      'publicHost',
      ['turn_server'],
      '"turn_server" is neither a DNS name nor an IP address. Write e.g. turn.example.org.',
    ],
    ['publicHost', ['192.0.2'], '"192.0.2" is neither a DNS name nor an IP address. Write e.g. turn.example.org.'],
    ['publicHost', [''], '"" is empty. Write auto, a DNS name or an IP address.'],
    ['dataDir', [''], '"" is empty. Write text that is not empty.'],
  ])('%s %j', async (key, texts, expected) => {
    const found = await problemsOf({ [key]: texts });
    const flag = key.replaceAll('.', '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    expect(found.map(({ message }) => message)).toEqual([`${key} (flag --${flag}): ${expected}`]);
  });

  test('each element of a list is named', async () => {
    const found = await problemsOf({ 'turn.listen': ['udp://*:3478', 'tcp://*:x', 'udp://127.0.0.1:3478'] });
    expect(found.map(({ code, message }) => [code, message])).toEqual([
      [
        'config_malformed_value',
        'turn.listen[1] (flag --turn-listen): "tcp://*:x" has the port "x". Write a port from 0 (any that is free) to 65535.',
      ],
      [
        'config_duplicate',
        'turn.listen[2] (flag --turn-listen): "udp://127.0.0.1:3478" needs the same socket as "udp://*:3478". Remove one of them.',
      ],
    ]);
  });

  test.each<[ConfigKey, string]>([
    ['turn.listen', 'udp://[fe7f::1]:3478'],
    ['turn.listen', 'udp://[fec0::1]:3478'],
    ['http.public', 'null'],
    ['http.public', 'http://*:8080'],
    ['http.public', 'http://127.0.0.1:8080'],
  ])('%s %s is taken', async (key, text) => {
    expect(await problemsOf({ [key]: [text] })).toEqual([]);
  });

  test('the same port for several transports, or any free port several times, is no conflict', async () => {
    expect(
      await problemsOf({ 'turn.listen': ['udp://*:3478', 'tcp://*:3478', 'udp://127.0.0.1:0', 'udp://127.0.0.1:0'] }),
    ).toEqual([]);
  });
});

describe('unknown names of the environment', () => {
  test.each([
    ['TURNPIKE_TURN_RELM', 'TURNPIKE_TURN_REALM'],
    ['TURNPIKE_TURN_SECRET_FILE', 'TURNPIKE_TURN_SECRETS_FILE'],
    ['TURNPIKE_DATADIR', 'TURNPIKE_DATA_DIR'],
  ])('%s is near %s', async (name, meant) => {
    const loading = loadConfig({ flags: new Map(), environment: { [name]: 'x' }, cwd: '/proc', configFile: undefined });
    await expect(loading).rejects.toThrow(
      `${name} is in the environment, but there is no such key. Did you mean ${meant}?`,
    );
  });

  test('a key given by its variable and by a file', async () => {
    const environment = { TURNPIKE_TURN_REALM: 'a', TURNPIKE_TURN_REALM_FILE: '/b' };
    const loading = loadConfig({ flags: new Map(), environment, cwd: '/proc', configFile: undefined });
    await expect(loading).rejects.toThrow(
      'turn.realm is given twice, by TURNPIKE_TURN_REALM and by TURNPIKE_TURN_REALM_FILE.',
    );
  });

  test('a file that is not there', async () => {
    const environment = { TURNPIKE_TURN_SECRETS_FILE: '/proc/no/such' };
    const loading = loadConfig({ flags: new Map(), environment, cwd: '/proc', configFile: undefined });
    await expect(loading).rejects.toThrow(
      /turn\.secrets \(TURNPIKE_TURN_SECRETS_FILE\): cannot read \/proc\/no\/such: ENOENT/,
    );
  });
});
