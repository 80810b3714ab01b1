import { fileURLToPath } from 'node:url';
import { describe, expect, test, type TestContext } from 'vitest';
import { formatIp } from '../../server/stun/ip-text.ts';
import type { RunningProgram } from '../startup/running-program.ts';
import { CloudMachine } from './cloud-machine.ts';
import { Internet } from './internet.ts';
import { metadataIp } from './lab-addresses.ts';
import { LabHost } from './lab-host.ts';
import { serveIn, type LabServer } from './lab-server.ts';
import { connect, namespacesOf } from './namespaces.ts';
import { expectEcho, expectExchange } from './relayed-exchange.ts';
import { reports } from './report.ts';

const metadataProcess = fileURLToPath(new URL('./metadata-process.ts', import.meta.url));
const localIp = '10.0.0.5';
const publicIp = '11.22.0.5';
const clientIp = '11.22.1.1';
const nitro = { sys_vendor: 'Amazon EC2' };

interface CloudLab {
  readonly server: LabServer;
  readonly metadata: RunningProgram;
  /** Outside. */
  readonly client: LabHost;
}

interface CloudLabOptions {
  readonly firmware: Readonly<Record<string, string>>;
  /** The arguments of metadata-process.ts. */
  readonly metadata: readonly string[];
  /** Addresses of the server beside the private one. */
  readonly furtherAddresses?: readonly string[];
}

/** A server with all defaults on a machine of a cloud: private addresses, 1:1 NAT, the metadata service behind the gateway. */
async function cloudLab(context: TestContext, options: CloudLabOptions): Promise<CloudLab> {
  const addNamespace = await namespacesOf(context);
  const internet = await Internet.build(addNamespace);
  const [server, cloud, client] = [
    new CloudMachine(await addNamespace('server'), options.firmware),
    await addNamespace('cloud'),
    await addNamespace('client'),
  ];
  await internet.attach(cloud, publicIp);
  await internet.attach(client, clientIp);
  const addresses = ['10.0.0.4/24', `${localIp}/24`, ...(options.furtherAddresses ?? [])];
  await connect(
    { namespace: server, device: 'eth0', addresses },
    { namespace: cloud, device: 'lan0', addresses: ['10.0.0.1/24'] },
  );
  await server.routeEverythingVia('10.0.0.1');
  await cloud.addAddress('lo', `${metadataIp}/32`);
  await cloud.forward();
  await cloud.iptables(`-t nat -A PREROUTING -i eth0 -d ${publicIp} -j DNAT --to-destination ${localIp}`);
  await cloud.iptables(`-t nat -A POSTROUTING -o eth0 -s ${localIp} -j SNAT --to-source ${publicIp}`);
  const metadata = cloud.start([metadataProcess, ...options.metadata]);
  await metadata.seen(/"listening"/);
  return { server: await serveIn(server, []), metadata, client: await LabHost.start(client) };
}

function asked({ metadata }: CloudLab): string[] {
  return reports(metadata.stdout, 'asked').map(({ request }) => request);
}

/** What `turnpike ice` warns of, but for the descriptors of this machine. */
async function warnings({ server }: CloudLab): Promise<string[]> {
  return (await server.ice()).warnings.filter((warning) => !warning.startsWith('the descriptor limit'));
}

describe('DESIGN.md section 5: publicAddress auto on a cloud', () => {
  const known = { publicIpv4: publicIp, localIpv4: localIp };
  const frontends = [{ frontendIpAddress: publicIp, privateIpAddress: localIp }];
  const standardSku = { loadBalancer: JSON.stringify({ loadbalancer: { publicIpAddresses: frontends } }) };
  test.for([
    ['Amazon EC2', nitro, 'aws', known],
    ['Google Compute Engine', { product_name: 'Google Compute Engine' }, 'gcp', known],
    ['Microsoft Azure', { chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77' }, 'azure', standardSku],
  ] as const)('%s: the relayed address is the public one, and so is that of the URLs', async (row, context) => {
    const [cloudName, firmware, service, machine] = row;
    const lab = await cloudLab(context, { firmware, metadata: [service, JSON.stringify(machine)] });
    const allocation = await lab.client.allocate('udp', publicIp);
    expect(formatIp(allocation.relayed.ip)).toBe(publicIp);
    await expectEcho(allocation, lab.client, clientIp);
    await expectExchange(allocation, await lab.client.allocate('tcp', publicIp));
    expect((await lab.server.ice()).iceServers.flatMap(({ urls }) => urls)).toEqual([
      `stun:${publicIp}:3478`,
      `turn:${publicIp}:3478?transport=udp`,
      `turn:${publicIp}:3478?transport=tcp`,
    ]);
    expect(lab.server.program.stderr).toContain(`${publicIp} for ${localIp}, says ${cloudName}`);
    expect(await warnings(lab)).toEqual([]);
  });

  test('a service that does not answer delays the start and is told; the private address is used', async (context) => {
    const lab = await cloudLab(context, { firmware: nitro, metadata: ['silent'] });
    expect(formatIp((await lab.client.allocate('udp', publicIp)).relayed.ip)).toBe(localIp);
    expect(await warnings(lab)).toEqual([
      expect.stringContaining('the metadata service of Amazon EC2 did not answer within 1 s'),
      expect.stringContaining('turn.publicAddress'),
    ]);
    expect(asked(lab)).toEqual(['PUT /latest/api/token']);
  });

  test.for([
    ['where the firmware names no cloud', { firmware: { sys_vendor: 'QEMU' } }],
    ['with a public address on an interface', { firmware: nitro, furtherAddresses: ['11.33.0.5/32'] }],
  ] as const)('nobody is asked %s', async ([, situation], context) => {
    const lab = await cloudLab(context, { ...situation, metadata: ['aws', JSON.stringify(known)] });
    expect(formatIp((await lab.client.allocate('udp', publicIp)).relayed.ip)).toBe(localIp);
    expect(asked(lab)).toEqual([]);
  });
});
