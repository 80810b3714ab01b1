import type { TestContext } from 'vitest';
import { Internet } from './internet.ts';
import { serveIn, type LabServer } from './lab-server.ts';
import { connect, namespacesOf, type AddNamespace, type Namespace } from './namespaces.ts';

/** The server's addresses in `homesLab`: who asks at each learns what his NAT does with another destination. */
export const serverIps = ['11.22.0.1', '11.22.0.2', '11.22.0.3'] as const;

/** A client in a private network and the router that stands for it on the Internet. */
export interface Home {
  readonly client: Namespace;
  readonly router: Namespace;
  readonly publicIp: string;
}

/** A server on the Internet and two homes that share nothing but that. */
export interface HomesLab {
  readonly server: LabServer;
  readonly homes: readonly [Home, Home];
}

/** Builds homes behind symmetric NATs, and starts a server with these flags. */
export async function homesLab(context: TestContext, flags: readonly string[] = []): Promise<HomesLab> {
  const addNamespace = await namespacesOf(context);
  const internet = await Internet.build(addNamespace);
  const server = await addNamespace('server');
  await internet.attach(server, ...serverIps);
  const homes = [
    await homeBehindSymmetricNat(addNamespace, internet, { name: 'one', publicIp: '11.22.1.1' }),
    await homeBehindSymmetricNat(addNamespace, internet, { name: 'other', publicIp: '11.22.1.2' }),
  ] as const;
  return { server: await serveIn(server, flags), homes };
}

/** RFC 4787: address- and port-dependent in mapping and filtering, with a random port for every destination. */
async function homeBehindSymmetricNat(
  addNamespace: AddNamespace,
  internet: Internet,
  { name, publicIp }: { readonly name: string; readonly publicIp: string },
): Promise<Home> {
  const client = await addNamespace(`${name}-client`);
  const router = await addNamespace(`${name}-router`);
  await internet.attach(router, publicIp);
  await connect(
    { namespace: client, device: 'eth0', addresses: ['192.168.1.2/24'] },
    { namespace: router, device: 'lan0', addresses: ['192.168.1.1/24'] },
  );
  await client.routeEverythingVia('192.168.1.1');
  await router.forward();
  await router.iptables('-t nat -A POSTROUTING -o eth0 -j MASQUERADE --random-fully');
  return { client, router, publicIp };
}
