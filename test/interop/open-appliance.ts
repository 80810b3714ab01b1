import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ResolvedConfig, TlsFiles } from '../../server/config/resolved-config.ts';
import { parseCidr, type Cidr } from '../../server/stun/cidr.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { ip } from '../support/addresses.ts';
import { loopbackConfig, startAppliance, type RunningAppliance } from '../support/appliance.ts';
import { makeCertificate } from '../support/certificates.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A user whom the appliances of this folder know. */
export const user = { name: 'wanderer', password: 'through-every-gate' } as const;

/** A secret of theirs, for clients that make their own credentials of it. */
export const secret = 'a-secret-that-the-application-shares-with-us';

/** An appliance for the clients of others: on both families, with peers on loopback, and where to reach it. */
export interface OpenAppliance {
  readonly running: RunningAppliance;
  readonly server: (transport: 'udp' | 'tcp' | 'tls', host: '127.0.0.1' | '::1') => TransportAddress;
}

/** Starts one that is stopped when the test ends. */
export async function startOpenAppliance(overrides: Partial<ResolvedConfig['turn']> = {}): Promise<OpenAppliance> {
  const hosts = [ip('127.0.0.1'), ip('::1')];
  const plain = loopbackConfig({
    listen: hosts.flatMap((host) => [
      { transport: 'udp', host, port: 0 },
      { transport: 'tcp', host, port: 0 },
      { transport: 'tls', host, port: 0 },
    ]),
    peers: { allow: [cidr('127.0.0.0/8'), cidr('::1/128')], deny: [] },
    users: [user],
    secrets: [secret],
    ...overrides,
  });
  const running = await startAppliance({ ...plain, tls: writeCertificate() });
  return {
    running,
    server(transport, host) {
      const family = ip(host).family;
      const listener = running.started.listeners.find(
        (candidate) => candidate.transport === transport && candidate.address.ip.family === family,
      );
      if (listener === undefined) throw new Error(`the appliance has no ${transport} listener on ${host}`);
      return listener.address;
    },
  };
}

function writeCertificate(): TlsFiles {
  const directory = tempDir();
  const made = makeCertificate({ names: ['localhost', '127.0.0.1', '::1'] });
  const files = { certificate: path.join(directory, 'certificate.pem'), key: path.join(directory, 'key.pem') };
  writeFileSync(files.certificate, made.certificate);
  writeFileSync(files.key, made.key, { mode: 0o600 });
  return files;
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === null) throw new Error(`not a network: ${text}`);
  return parsed;
}
