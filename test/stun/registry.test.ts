import { describe, expect, test } from 'vitest';
import { firstChannel, lastChannel } from '../../server/stun/channel-data.ts';
import { AttributeType, ErrorCode, Method, PasswordAlgorithm, reasonPhrase } from '../../server/stun/registry.ts';
import registry from '../vectors/iana-stun-parameters.json' with { type: 'json' };

/** A registry's name as our tables spell it: XOR-PEER-ADDRESS, CreatePermission and SHA-256 as xorPeerAddress, createPermission and sha256. */
function identifier(name: string): string {
  const words = name
    .split(/[- ]/)
    .map((word) => (word === word.toUpperCase() ? word.toLowerCase() : word.charAt(0).toLowerCase() + word.slice(1)));
  return words.map((word, at) => (at === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');
}

function table(rows: readonly { value: string | number; name: string }[]): Record<string, number> {
  return Object.fromEntries(rows.map(({ value, name }) => [identifier(name), Number(value)]));
}

describe('our tables are the rows of the IANA registry', () => {
  test.each([
    ['STUN Methods (RFC 8489 18.2, RFC 8656 17)', Method, registry.methods],
    ['STUN Attributes (RFC 8489 18.3, RFC 8656 18)', AttributeType, registry.attributes],
    ['STUN Error Codes (RFC 8489 18.4, RFC 8656 19)', ErrorCode, registry.errorCodes],
    ['STUN Password Algorithms (RFC 8489 18.5)', PasswordAlgorithm, registry.passwordAlgorithms],
  ])('%s', (_, ours, rows) => {
    expect(table(rows)).toEqual(ours);
  });

  test.each(registry.errorCodes)('the reason phrase of $value is "$name"', ({ value, name }) => {
    expect(reasonPhrase(value)).toBe(name);
  });

  test('RFC 8489 14.8: a code that is not ours has no phrase', () => {
    expect(reasonPhrase(487)).toBe('');
  });

  test('TURN Channel Numbers (RFC 8656 12)', () => {
    expect(firstChannel).toBe(Number(registry.channelNumbers.first));
    expect(lastChannel('rfc8656')).toBe(Number(registry.channelNumbers.last));
  });
});
