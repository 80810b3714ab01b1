import { expect, test } from 'vitest';
import { ipv4, ipv6 } from '../../server/stun/transport-address.ts';
import { socketAddress } from '../../server/transport/socket-address.ts';

test.each([
  ['192.0.2.1', 3478, { ip: ipv4(0xc0000201), port: 3478 }],
  ['2001:db8::1', 1, { ip: ipv6(0x20010db8, 0, 0, 1), port: 1 }],
  ['fe80::1%eth0', 65535, { ip: ipv6(0xfe800000, 0, 0, 1), port: 65535 }],
  [undefined, 3478, null],
  ['192.0.2.1', undefined, null],
  ['not an address', 3478, null],
])('a socket at %s port %s', (address, port, expected) => {
  expect(socketAddress(address, port)).toEqual(expected);
});
