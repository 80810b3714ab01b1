import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findPublicAddress, type PublicAddressInput } from '../../server/app/public-address.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import { ip } from '../support/addresses.ts';
import { documentedBehaviour, type MetadataBehaviour } from '../support/metadata-service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { serveMetadata } from './metadata-services.ts';

const machine = { publicIpv4: '203.0.113.9', localIpv4: '10.0.0.5' };
const privateHost = ['127.0.0.1', '::1', '10.0.0.6', '10.0.0.5'];

interface Case {
  readonly interfaces?: readonly string[];
  readonly settings?: Partial<Pick<PublicAddressInput, 'publicAddress' | 'relayAddress'>>;
  readonly vendor?: string;
  readonly behaviour?: MetadataBehaviour;
  readonly timeoutMs?: number;
}

/** Looks for the public address on a host with this firmware, interfaces and metadata service. */
async function find({ interfaces = privateHost, settings, vendor = 'Amazon EC2', behaviour, timeoutMs }: Case) {
  const firmware = tempDir();
  writeFileSync(join(firmware, 'sys_vendor'), `${vendor}\n`);
  const { baseUrl, requests } = await serveMetadata(behaviour ?? documentedBehaviour.aws(machine));
  const input = { publicAddress: { kind: 'auto' }, relayAddress: 'auto', ...settings } as const;
  const { publicAddress, origin, warnings } = await findPublicAddress(
    { ...input, interfaces: interfaces.map(ip) },
    { firmware, baseUrl, timeoutMs: timeoutMs ?? 10_000 },
  );
  return { publicAddress: shown(publicAddress), origin, warnings, requests };
}

function shown(publicAddress: PublicAddressInput['publicAddress']): string {
  switch (publicAddress.kind) {
    case 'pairs':
      return publicAddress.pairs.map((pair) => `${formatIp(pair.local)}=${formatIp(pair.public)}`).join();
    case 'addresses':
      return publicAddress.addresses.map(formatIp).join();
    case 'auto':
    case 'none':
      return publicAddress.kind;
  }
}

describe('DESIGN.md section 5: nobody is asked', () => {
  test.each<[string, Case, string]>([
    ['where publicAddress is none', { settings: { publicAddress: { kind: 'none' } } }, 'none'],
    [
      'where it is an address',
      { settings: { publicAddress: { kind: 'addresses', addresses: [ip('198.51.100.7')] } } },
      '198.51.100.7',
    ],
    [
      'where it is a pair',
      {
        settings: { publicAddress: { kind: 'pairs', pairs: [{ local: ip('10.0.0.5'), public: ip('198.51.100.7') }] } },
      },
      '10.0.0.5=198.51.100.7',
    ],
    ['with a public IPv4 address on an interface', { interfaces: [...privateHost, '198.51.100.7'] }, 'auto'],
    ['with loopback alone', { interfaces: ['127.0.0.1', '::1'] }, 'auto'],
    ['without IPv4', { interfaces: ['127.0.0.1', '2001:db8::5'] }, 'auto'],
    ['where the firmware names no cloud', { vendor: 'QEMU' }, 'auto'],
  ])('%s', async (_case, situation, expected) => {
    expect(await find(situation)).toEqual({ publicAddress: expected, origin: null, warnings: [], requests: [] });
  });

  test('but with none of these exceptions somebody is', async () => {
    expect((await find({})).requests).not.toEqual([]);
  });
});

describe('DESIGN.md section 5: cloud metadata where the firmware names a cloud', () => {
  test('the public address stands for the private one that the cloud names, whichever interface is first', async () => {
    expect(await find({})).toMatchObject({
      publicAddress: '10.0.0.5=203.0.113.9',
      origin: '203.0.113.9 for 10.0.0.5, says Amazon EC2',
      warnings: [],
    });
  });

  test('in a container it stands for the first address, with a warning that says so', async () => {
    const { publicAddress, origin, warnings } = await find({ interfaces: ['127.0.0.1', '172.17.0.2'] });
    expect([publicAddress, origin]).toEqual(['203.0.113.9', '203.0.113.9, says Amazon EC2; taken for 172.17.0.2']);
    expect(warnings).toEqual([expect.stringMatching(/10\.0\.0\.5, no address of this host.* turn\.publicAddress/)]);
  });

  test('without an address that it could stand for it is not used', async () => {
    const found = await find({ interfaces: ['172.17.0.2'], settings: { relayAddress: [ip('2001:db8::5')] } });
    expect(found).toMatchObject({ publicAddress: 'auto', origin: null });
  });

  test('relays on an address whose public one was not named are warned of', async () => {
    const { warnings } = await find({ settings: { relayAddress: [ip('10.0.0.6')] } });
    expect(warnings).toEqual([expect.stringMatching(/turn\.relayAddress 10\.0\.0\.6.*turn\.publicAddress/)]);
    expect((await find({ settings: { relayAddress: [ip('10.0.0.5')] } })).warnings).toEqual([]);
  });

  test.each<[string, Partial<Case>, RegExp]>([
    ['has none', { behaviour: documentedBehaviour.aws({}) }, /^Amazon EC2 says that this machine has no public IPv4/],
    ['does not answer', { behaviour: () => 'silence', timeoutMs: 200 }, /Amazon EC2 did not answer within 0\.2 s\.$/],
    [
      'is refused',
      { behaviour: () => ({ status: 403 }) },
      /Amazon EC2 answered \/latest\/api\/token with status 403\.$/,
    ],
  ])('a machine that %s stays on auto, and the warning says why', async (_case, situation, expected) => {
    const { publicAddress, origin, warnings } = await find(situation);
    expect([publicAddress, origin]).toEqual(['auto', null]);
    expect(warnings).toEqual([expect.stringMatching(expected)]);
  });
});
