import { onTestFinished } from 'vitest';
import type { CreateApplianceOptions } from '../../server/app/appliance-options.ts';
import { createTestAppliance } from '../../server/app/create-test-appliance.ts';
import type { EmbeddedAppliance } from '../../server/app/embedded-appliance.ts';
import { ip } from './addresses.ts';
import { TurnClient, type TurnCredential } from './turn-client.ts';

/** An appliance as `createTestAppliance` makes it, stopped when the test ends. */
export async function startedAppliance(options: CreateApplianceOptions = {}): Promise<EmbeddedAppliance> {
  const appliance = await createTestAppliance(options);
  onTestFinished(() => appliance.stop());
  return appliance;
}

/** The port of its first listener for a transport. */
export function portOf(appliance: EmbeddedAppliance, transport: 'udp' | 'tcp'): number {
  const listener = appliance.addresses?.listeners.find((candidate) => candidate.transport === transport);
  if (listener === undefined) throw new Error(`no ${transport} listener`);
  return listener.port;
}

/** What it issues for a subject. */
export function credentialOf(appliance: EmbeddedAppliance, subject: string): TurnCredential {
  const turn = appliance.issueIceServers({ subject }).iceServers.at(-1);
  if (turn?.username === undefined || turn.credential === undefined) throw new Error('no credential was issued');
  return { username: turn.username, password: turn.credential };
}

/** A client on loopback, closed when the test ends. */
export async function connectedClient(
  appliance: EmbeddedAppliance,
  transport: 'udp' | 'tcp',
  credential = credentialOf(appliance, 'alice'),
): Promise<TurnClient> {
  const server = { ip: ip('127.0.0.1'), port: portOf(appliance, transport) };
  const connected = await (transport === 'udp'
    ? TurnClient.overUdp(server, credential)
    : TurnClient.overTcp(server, credential));
  onTestFinished(() => connected.close());
  return connected;
}
