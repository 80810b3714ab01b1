import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A request as a metadata service sees it. */
export interface MetadataRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** An answer; or none, or one of which a byte comes now and then and the last never. */
export type MetadataReply =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'silence'
  | 'a drop at a time';

/** What a metadata service answers. */
export type MetadataBehaviour = (request: MetadataRequest) => MetadataReply;

/** What a cloud knows of a machine. A key that is missing is answered 404. */
export interface Machine {
  readonly publicIpv4?: string;
  readonly localIpv4?: string;
  /** Azure's document of load balancers. */
  readonly loadBalancer?: string;
}

/** A metadata service on a real socket. */
export interface OpenMetadataService {
  readonly server: Server;
  readonly baseUrl: string;
  /** Every request so far, e.g. `PUT /latest/api/token`. */
  readonly requests: readonly string[];
}

const awsToken = 'AQAEAHxPcLCxQBBGHcb1MfqkQH0kTUEWXOOtYLbEL4DEylXVQTnkCQ==';
const notFound = { status: 404, body: '<html><title>404 - Not Found</title></html>' } as const;

/** How the metadata services of the clouds are documented to answer for a machine. */
export const documentedBehaviour: Readonly<Record<'aws' | 'gcp' | 'azure', (machine: Machine) => MetadataBehaviour>> = {
  aws:
    (machine) =>
    ({ method, path, headers }) => {
      if (headers['x-forwarded-for'] !== undefined) return { status: 403 };
      if (path === '/latest/api/token') {
        if (method !== 'PUT') return { status: 405 };
        const lifetimeS = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
        return lifetimeS >= 1 && lifetimeS <= 21_600 ? { body: awsToken } : { status: 400 };
      }
      if (headers['x-aws-ec2-metadata-token'] !== awsToken) return { status: 401 };
      if (path === '/latest/meta-data/public-ipv4') return value(machine.publicIpv4);
      return path === '/latest/meta-data/local-ipv4' ? value(machine.localIpv4) : notFound;
    },
  gcp:
    (machine) =>
    ({ path, headers }) => {
      if (headers['metadata-flavor'] !== 'Google' || headers['x-forwarded-for'] !== undefined) return { status: 403 };
      const prefix = '/computeMetadata/v1/instance/network-interfaces/0/';
      const flavor = { 'Metadata-Flavor': 'Google' };
      if (path === `${prefix}access-configs/0/external-ip`) return { headers: flavor, ...value(machine.publicIpv4) };
      return path === `${prefix}ip` ? { headers: flavor, ...value(machine.localIpv4) } : notFound;
    },
  azure:
    (machine) =>
    ({ path, headers }) => {
      const url = new URL(path, 'http://azure');
      if (headers.metadata !== 'true' || headers['x-forwarded-for'] !== undefined) return { status: 400 };
      if (!/^\d{4}-\d{2}-\d{2}$/.test(url.searchParams.get('api-version') ?? '')) return { status: 400 };
      if (url.pathname === '/metadata/loadbalancer') return value(machine.loadBalancer);
      if (url.searchParams.get('format') !== 'text') return { status: 404 };
      const prefix = '/metadata/instance/network/interface/0/ipv4/ipAddress/0/';
      if (url.pathname === `${prefix}publicIpAddress`) return value(machine.publicIpv4);
      return url.pathname === `${prefix}privateIpAddress` ? value(machine.localIpv4) : notFound;
    },
};

function value(text: string | undefined): { readonly status?: number; readonly body: string } {
  return text === undefined ? notFound : { body: text };
}

/** The behaviour with another reply to paths that contain a text. */
export function except(behaviour: MetadataBehaviour, part: string, reply: MetadataReply): MetadataBehaviour {
  return (request) => (request.path.includes(part) ? reply : behaviour(request));
}

/** Listens; port 0 takes any. Closing is the caller's. */
export async function openMetadataService(
  behaviour: MetadataBehaviour,
  host: string,
  port: number,
  onRequest: (line: string) => void = () => undefined,
): Promise<OpenMetadataService> {
  const requests: string[] = [];
  const server = createServer(({ method = '', url = '', headers }, response) => {
    requests.push(`${method} ${url}`);
    onRequest(`${method} ${url}`);
    answer(behaviour({ method, path: url, headers }), response);
  });
  server.listen(port, host);
  await once(server, 'listening');
  return { server, baseUrl: `http://${host}:${(server.address() as AddressInfo).port}`, requests };
}

function answer(reply: MetadataReply, response: ServerResponse): void {
  if (reply === 'silence') return;
  if (reply === 'a drop at a time') {
    const drops = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(drops));
    return;
  }
  response.writeHead(reply.status ?? 200, reply.headers);
  response.end(reply.body ?? '');
}
