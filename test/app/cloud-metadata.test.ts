import http from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Cloud } from '../../server/app/cloud-firmware.ts';
import { askCloud } from '../../server/app/cloud-metadata.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import {
  documentedBehaviour,
  except,
  type MetadataBehaviour,
  type MetadataReply,
} from '../support/metadata-service.ts';
import { serveMetadata } from './metadata-services.ts';

const clouds = ['aws', 'gcp', 'azure'] as const satisfies Cloud[];
const machine = { publicIpv4: '203.0.113.9', localIpv4: '10.0.0.5' };
/** What of a path tells that the public address is asked for. */
const publicAddressPath = { aws: 'public-ipv4', gcp: 'external-ip', azure: 'publicIpAddress' } as const;
/** More than any of these answers takes, less than a test. */
const patientMs = 10_000;

/** The answer as text: `203.0.113.9 for 10.0.0.5`, `no address`, or the reason of a failure. */
async function ask(cloud: Cloud, baseUrl: string, timeoutMs = patientMs): Promise<string> {
  const answer = await askCloud(cloud, { baseUrl, timeoutMs });
  if (answer.kind === 'no-address') return 'no address';
  if (answer.kind === 'failed') return answer.reason;
  return `${formatIp(answer.public)} for ${answer.local === null ? 'nobody' : formatIp(answer.local)}`;
}

async function askWhere(cloud: Cloud, behaviour: MetadataBehaviour, timeoutMs?: number): Promise<string> {
  const { baseUrl } = await serveMetadata(behaviour);
  return ask(cloud, baseUrl, timeoutMs);
}

describe.each(clouds)('%s', (cloud) => {
  const documented = documentedBehaviour[cloud];

  test.each([
    ['a public address and the private one it stands for', machine, '203.0.113.9 for 10.0.0.5'],
    ['ended by a line break', { publicIpv4: '203.0.113.9\n', localIpv4: '10.0.0.5\n' }, '203.0.113.9 for 10.0.0.5'],
    ['no private address', { publicIpv4: '203.0.113.9' }, '203.0.113.9 for nobody'],
    ['a private address that is none', { ...machine, localIpv4: '<html>' }, '203.0.113.9 for nobody'],
    ['a private address of the other family', { ...machine, localIpv4: 'fd00::5' }, '203.0.113.9 for nobody'],
    ['no public address: 404', { localIpv4: '10.0.0.5' }, 'no address'],
    ['no public address: an empty body', { publicIpv4: '', localIpv4: '10.0.0.5' }, 'no address'],
  ])('%s', async (_case, known, expected) => {
    expect(await askWhere(cloud, documented(known))).toBe(expected);
  });

  test.each([
    [
      'HTML',
      '<html><body>Log in</body></html>',
      'answered "<html><body>Log in</body></html>", which is no public IPv4 address',
    ],
    ['a private address', '10.0.0.5', 'answered "10.0.0.5", which is no public IPv4 address'],
    ['a link-local address', '169.254.169.254', 'answered "169.254.169.254", which is no public IPv4 address'],
    ['loopback', '127.0.0.1', 'answered "127.0.0.1", which is no public IPv4 address'],
    ['every address', '0.0.0.0', 'answered "0.0.0.0", which is no public IPv4 address'],
    ['a multicast address', '224.0.0.1', 'answered "224.0.0.1", which is no public IPv4 address'],
    ['an IPv6 address', '2600:1f18::1', 'answered "2600:1f18::1", which is no public IPv4 address'],
    [
      'two addresses',
      '203.0.113.9\n203.0.113.10',
      'answered "203.0.113.9\\n203.0.113.10", which is no public IPv4 address',
    ],
    ['terminal controls', '\x1b[2J', 'answered "\\u001b[2J", which is no public IPv4 address'],
    ['an address in a body of any length', `203.0.113.9${' '.repeat(4096)}`, 'answered more than 256 bytes'],
  ])('is not believed: %s', async (_case, publicIpv4, expected) => {
    expect(await askWhere(cloud, documented({ ...machine, publicIpv4 }))).toBe(expected);
  });

  test.each<[string, MetadataReply, RegExp]>([
    ['a service that fails', { status: 500, body: '203.0.113.9' }, /^answered \/\S+ with status 500$/],
    ['one that forbids', { status: 403, body: '203.0.113.9' }, /^answered \/\S+ with status 403$/],
    [
      'one that speaks another protocol from now on',
      { status: 101, headers: { Connection: 'Upgrade', Upgrade: 'none' } },
      /^ended the connection without an answer$/,
    ],
    ['one that says nothing', 'silence', /^did not answer within 0\.2 s$/],
    ['one that never ends', 'a drop at a time', /^did not answer within 0\.2 s$/],
  ])('is not waited for or believed: %s', async (_case, reply, expected) => {
    const behaviour = except(documented(machine), publicAddressPath[cloud], reply);
    expect(await askWhere(cloud, behaviour, typeof reply === 'string' ? 200 : patientMs)).toMatch(expected);
  });

  test('no redirect is followed', async () => {
    const other = await serveMetadata(() => ({ headers: { 'Metadata-Flavor': 'Google' }, body: '203.0.113.66' }));
    const redirect = { status: 302, headers: { Location: `${other.baseUrl}/` } };
    const behaviour = except(documented(machine), publicAddressPath[cloud], redirect);
    expect(await askWhere(cloud, behaviour)).toMatch(/with status 302$/);
    expect(other.requests).toEqual([]);
  });

  test('no proxy is used, though the process is told to use one', async () => {
    const proxy = await serveMetadata(() => ({ headers: { 'Metadata-Flavor': 'Google' }, body: '203.0.113.66' }));
    const usual = http.globalAgent;
    onTestFinished(() => void (http.globalAgent = usual));
    // What NODE_USE_ENV_PROXY does at the start of a process.
    http.globalAgent = new http.Agent({ proxyEnv: { http_proxy: proxy.baseUrl } });
    expect(await askWhere(cloud, documented(machine))).toBe('203.0.113.9 for 10.0.0.5');
    expect(proxy.requests).toEqual([]);
  });

  test('nobody listens', async () => {
    const { baseUrl, server } = await serveMetadata(documented(machine));
    await new Promise((resolve) => server.close(resolve));
    expect(await ask(cloud, baseUrl)).toMatch(/^cannot be asked: .*ECONNREFUSED/);
  });
});

describe('aws: IMDSv2', () => {
  test('one token serves both questions', async () => {
    const { baseUrl, requests } = await serveMetadata(documentedBehaviour.aws(machine));
    await ask('aws', baseUrl);
    expect(requests.toSorted()).toEqual([
      'GET /latest/meta-data/local-ipv4',
      'GET /latest/meta-data/public-ipv4',
      'PUT /latest/api/token',
    ]);
  });

  test.each<[string, MetadataReply, RegExp]>([
    ['forbidden: the service is switched off', { status: 403 }, /^answered \/latest\/api\/token with status 403$/],
    ['unknown', { status: 404 }, /^gave no token$/],
    ['empty', { body: '' }, /^gave no token$/],
    ['of several lines, which would be further headers', { body: 'a\r\nX-Other: b' }, /^gave no token$/],
  ])('a token that is %s', async (_case, reply, expected) => {
    const { baseUrl, requests } = await serveMetadata(except(documentedBehaviour.aws(machine), 'token', reply));
    expect(await ask('aws', baseUrl)).toMatch(expected);
    expect(requests).toEqual(['PUT /latest/api/token']);
  });
});

test('gcp: whoever does not answer as the metadata service does is not it', async () => {
  expect(await askWhere('gcp', () => ({ body: '203.0.113.9' }))).toBe('answered without "Metadata-Flavor: Google"');
});

describe('azure: addresses of the Standard SKU are told with the load balancers alone', () => {
  const document = (...publicIpAddresses: unknown[]): string => JSON.stringify({ loadbalancer: { publicIpAddresses } });
  const entry = (frontendIpAddress: string, privateIpAddress: string) => ({ frontendIpAddress, privateIpAddress });
  test.each([
    ['an address of its own', document(entry('203.0.113.9', '10.0.0.5')), '203.0.113.9 for 10.0.0.5'],
    [
      'an IPv6 address before it',
      document(entry('2603:10e1::1', 'fd00::5'), entry('203.0.113.9', '10.0.0.5')),
      '203.0.113.9 for 10.0.0.5',
    ],
    [
      'a list of rules behind it',
      JSON.stringify({
        loadbalancer: {
          publicIpAddresses: [entry('203.0.113.9', '10.0.0.5')],
          inboundRules: Array.from({ length: 200 }, () => entry('198.51.100.1', '10.0.0.5')),
        },
      }),
      '203.0.113.9 for 10.0.0.5',
    ],
    ['addresses of the load balancer alone', document(), 'no address'],
    ['entries of another form', document(null, 7, { frontendIpAddress: 7 }), 'no address'],
    [
      'a private frontend',
      document(entry('10.0.0.9', '10.0.0.5')),
      'answered "10.0.0.9", which is no public IPv4 address',
    ],
    ['no JSON', '<html>', 'answered "<html>", which lists no publicIpAddresses'],
    ['other JSON', '[]', 'answered "[]", which lists no publicIpAddresses'],
    ['a document without end', `"${'x'.repeat(70_000)}"`, 'answered more than 65536 bytes'],
  ])('%s', async (_case, loadBalancer, expected) => {
    const known = { publicIpv4: '', localIpv4: '10.0.0.5', loadBalancer };
    expect(await askWhere('azure', documentedBehaviour.azure(known))).toBe(expected);
  });
});
