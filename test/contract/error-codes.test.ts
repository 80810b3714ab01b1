import { expect, test } from 'vitest';
import { errorCatalogue, exitCodeOf, isErrorCode, type ErrorCode } from '../../server/contract/error-codes.ts';

test('configuration, what it names, and command line end with 2, the host with 1', () => {
  const others = ['usage', 'certificate_unusable', 'realm_has_users', 'too_many_secrets'];
  for (const code of Object.keys(errorCatalogue) as ErrorCode[]) {
    expect([code, exitCodeOf(code)]).toEqual([code, code.startsWith('config_') || others.includes(code) ? 2 : 1]);
  }
});

test.each([
  ['port_taken', true],
  ['config_invalid', true],
  ['toString', false],
  ['EADDRINUSE', false],
])('%s is a code of the catalogue: %s', (text, expected) => {
  expect(isErrorCode(text)).toBe(expected);
});
