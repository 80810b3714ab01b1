import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { assertNever } from '../contract/assert-never.ts';
import { parseIp } from '../stun/ip-text.ts';
import type { IpAddress } from '../stun/transport-address.ts';
import { isPublic } from './address-plan.ts';
import type { Cloud } from './cloud-firmware.ts';
import { reasonOf } from './errors.ts';

/** An address is short; a token of AWS has 56 characters. */
const maxTextBytes = 256;
/** Azure's list of addresses comes with the rules of its load balancer. */
const maxDocumentBytes = 65_536;
/** The API versions of Azure that the two documents were introduced with or before. */
const azureInstanceVersion = '2021-02-01';
const azureLoadBalancerVersion = '2020-10-01';

/** Where and how long to ask. */
export interface MetadataService {
  /** E.g. `http://169.254.169.254`. */
  readonly baseUrl: string;
  /** For all requests together. */
  readonly timeoutMs: number;
}

/** What a cloud says of this machine's public IPv4 address. */
export type CloudAnswer =
  | {
      readonly kind: 'address';
      readonly public: IpAddress;
      /** The private address it stands for, that of the primary interface; null when that was not told. */
      readonly local: IpAddress | null;
    }
  | { readonly kind: 'no-address' }
  | {
      readonly kind: 'failed';
      /** Follows the name of the service, e.g. `did not answer within 1 s`. */
      readonly reason: string;
    };

/** Its message is the reason of a failed `CloudAnswer`. */
class MetadataError extends Error {
  override readonly name = 'MetadataError';
}

interface MetadataRequest {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly method?: 'GET' | 'PUT';
  readonly maxBytes?: number;
}

interface MetadataResponse {
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends one request. Null when there is no such thing (404). */
type Ask = (wanted: MetadataRequest) => Promise<MetadataResponse | null>;

/**
 * Asks the metadata service of a cloud for this machine's public IPv4 address. IPv6 is not asked for: in all three clouds
 * a machine's IPv6 addresses are those of its interfaces. No proxy is used and no redirect followed, and nothing that is
 * answered is believed before it is a public IPv4 address.
 */
export async function askCloud(cloud: Cloud, service: MetadataService): Promise<CloudAnswer> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), service.timeoutMs);
  const ask: Ask = (wanted) => send(wanted, service.baseUrl, deadline.signal);
  try {
    return await askByName(cloud, ask);
  } catch (error) {
    if (deadline.signal.aborted) {
      return { kind: 'failed', reason: `did not answer within ${service.timeoutMs / 1000} s` };
    }
    const reason = error instanceof MetadataError ? error.message : `cannot be asked: ${reasonOf(error)}`;
    return { kind: 'failed', reason };
  } finally {
    clearTimeout(timer);
    // Of two requests at once the other may still be under way when one has failed.
    deadline.abort();
  }
}

function askByName(cloud: Cloud, ask: Ask): Promise<CloudAnswer> {
  switch (cloud) {
    case 'aws':
      return askAws(ask);
    case 'gcp':
      return askGcp(ask);
    case 'azure':
      return askAzure(ask);
    default:
      return assertNever(cloud);
  }
}

/** IMDSv2: everything is asked with a token that a PUT has fetched. */
async function askAws(ask: Ask): Promise<CloudAnswer> {
  const token = await ask({
    method: 'PUT',
    path: '/latest/api/token',
    headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '60' },
  });
  if (token === null || !/^[\x21-\x7e]+$/.test(token.text)) throw new MetadataError('gave no token');
  const headers = { 'X-aws-ec2-metadata-token': token.text };
  const [outside, local] = await Promise.all([
    ask({ path: '/latest/meta-data/public-ipv4', headers }),
    ask({ path: '/latest/meta-data/local-ipv4', headers }),
  ]);
  return answerOf(outside?.text, local?.text);
}

async function askGcp(ask: Ask): Promise<CloudAnswer> {
  const askFor = async (name: string): Promise<string | undefined> => {
    const path = `/computeMetadata/v1/instance/network-interfaces/0/${name}`;
    const response = await ask({ path, headers: { 'Metadata-Flavor': 'Google' } });
    // The header that tells the service from whatever else answers at its address.
    if (response !== null && response.headers['metadata-flavor'] !== 'Google') {
      throw new MetadataError('answered without "Metadata-Flavor: Google"');
    }
    return response?.text;
  };
  const [outside, local] = await Promise.all([askFor('access-configs/0/external-ip'), askFor('ip')]);
  return answerOf(outside, local);
}

async function askAzure(ask: Ask): Promise<CloudAnswer> {
  const headers = { Metadata: 'true' };
  const askFor = async (name: string): Promise<string | undefined> => {
    const path = `/metadata/instance/network/interface/0/ipv4/ipAddress/0/${name}`;
    return (await ask({ path: `${path}?api-version=${azureInstanceVersion}&format=text`, headers }))?.text;
  };
  const [outside, local] = await Promise.all([askFor('publicIpAddress'), askFor('privateIpAddress')]);
  const answer = answerOf(outside, local);
  if (answer.kind !== 'no-address') return answer;
  // Addresses of the Standard SKU, which is the only one left, are told here alone.
  const document = await ask({
    path: `/metadata/loadbalancer?api-version=${azureLoadBalancerVersion}`,
    headers,
    maxBytes: maxDocumentBytes,
  });
  return document === null ? answer : answerOfLoadBalancer(document.text);
}

/** The first address of the machine's own in `{loadbalancer: {publicIpAddresses: [{frontendIpAddress, privateIpAddress}]}}`. */
function answerOfLoadBalancer(text: string): CloudAnswer {
  const listed = child(child(parseJson(text), 'loadbalancer'), 'publicIpAddresses');
  if (!Array.isArray(listed)) throw new MetadataError(`answered ${shown(text)}, which lists no publicIpAddresses`);
  for (const entry of listed as readonly unknown[]) {
    const outside = child(entry, 'frontendIpAddress');
    const local = child(entry, 'privateIpAddress');
    if (typeof outside !== 'string' || parseIp(outside)?.family !== 4) continue;
    return answerOf(outside, typeof local === 'string' ? local : undefined);
  }
  return { kind: 'no-address' };
}

function answerOf(outside: string | undefined, local: string | undefined): CloudAnswer {
  if (outside === undefined || outside === '') return { kind: 'no-address' };
  const ip = parseIp(outside);
  if (ip?.family !== 4 || !isPublic(ip)) {
    throw new MetadataError(`answered ${shown(outside)}, which is no public IPv4 address`);
  }
  const localIp = local === undefined ? null : parseIp(local);
  return { kind: 'address', public: ip, local: localIp?.family === 4 ? localIp : null };
}

async function send(wanted: MetadataRequest, baseUrl: string, signal: AbortSignal): Promise<MetadataResponse | null> {
  const { path, headers, method = 'GET', maxBytes = maxTextBytes } = wanted;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // An agent of its own: the global one may be told by the environment to use a proxy.
    request(new URL(path, baseUrl), { method, headers, signal, agent: false }, resolve)
      .on('error', reject)
      // A change of protocol ends the connection without an error; once there is an answer, this says nothing.
      .on('close', () => reject(new MetadataError('ended the connection without an answer')))
      .end();
  });
  if (response.statusCode !== 200) {
    response.destroy();
    if (response.statusCode === 404) return null;
    throw new MetadataError(`answered ${path.split('?', 1)[0]} with status ${response.statusCode}`);
  }
  return { headers: response.headers, text: await readText(response, maxBytes) };
}

async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop closes the connection.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new MetadataError(`answered more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1').trim();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function child(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** What a stranger may have written, short and in quotes. */
function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}
