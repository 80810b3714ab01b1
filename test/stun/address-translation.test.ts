import { describe, expect, test } from 'vitest';
import { AddressTranslator } from '../../server/stun/address-translation.ts';
import { formatIp, parseIp } from '../../server/stun/ip-text.ts';
import type { IpAddress } from '../../server/stun/transport-address.ts';

function ip(text: string): IpAddress {
  const address = parseIp(text);
  if (address === null) throw new Error(`no address: ${text}`);
  return address;
}

describe('1:1 NAT', () => {
  const translator = new AddressTranslator([
    { local: ip('10.0.0.5'), public: ip('192.0.2.5') },
    { local: ip('10.0.0.6'), public: ip('192.0.2.6') },
    { local: ip('fd00::5'), public: ip('2001:db8::5') },
  ]);

  test.each([
    ['10.0.0.5', '192.0.2.5'],
    ['10.0.0.6', '192.0.2.6'],
    ['fd00::5', '2001:db8::5'],
  ])('%s stands as %s, both ways', (local, publicAddress) => {
    expect(formatIp(translator.toPublic(ip(local)))).toBe(publicAddress);
    expect(formatIp(translator.toLocal(ip(publicAddress)))).toBe(local);
  });

  test.each(['10.0.0.7', '198.51.100.1', '::', '0.0.0.0', '::ffff:10.0.0.5'])('%s stands for itself', (other) => {
    expect(translator.toPublic(ip(other))).toEqual(ip(other));
    expect(translator.toLocal(ip(other))).toEqual(ip(other));
  });

  test('a public address is no local one, nor the other way round', () => {
    expect(formatIp(translator.toPublic(ip('192.0.2.5')))).toBe('192.0.2.5');
    expect(formatIp(translator.toLocal(ip('10.0.0.5')))).toBe('10.0.0.5');
  });

  test('no translation is the identity', () => {
    expect(translator.isIdentity).toBe(false);
    const identity = new AddressTranslator([]);
    const address = ip('10.0.0.5');
    expect(identity.isIdentity).toBe(true);
    expect(identity.toPublic(address)).toBe(address);
    expect(identity.toLocal(address)).toBe(address);
  });
});
