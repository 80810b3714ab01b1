import { expect, test } from 'vitest';
import { bindError, isMissingAddress } from '../../server/app/errors.ts';

test.each([
  ['EADDRNOTAVAIL', true],
  ['EAFNOSUPPORT', true],
  ['EADDRINUSE', false],
  [undefined, false],
])('a host that refuses with %s lacks the address: %s', (code, expected) => {
  expect(isMissingAddress(code)).toBe(expected);
});

test.each([
  ['EADDRINUSE', 'port_taken'],
  ['EACCES', 'port_forbidden'],
  ['EADDRNOTAVAIL', 'address_unavailable'],
  ['EMFILE', 'relay_start_failed'],
])('a bind that fails with %s is %s, and names key and URL', (code, expected) => {
  const error = bindError(Object.assign(new Error('no'), { code }), 'turn.listen', 'udp://127.0.0.1:3478');
  expect(error.code).toBe(expected);
  expect(error.message).toMatch(/^turn\.listen: .*udp:\/\/127\.0\.0\.1:3478/);
});
