import { randomBytes, randomInt } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { RelayEngine } from '../../server/app/relay-engine.ts';
import { planRelayStart } from '../../server/app/relay-start.ts';
import type { ResolvedConfig } from '../../server/config/resolved-config.ts';
import { restPassword, restUsername } from '../../server/credentials/rest-username.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { ip } from '../support/addresses.ts';
import { deltas, wholeSet } from '../turn/credentials.ts';
import { loopbackConfig } from '../support/appliance.ts';
import type { TurnCredential } from '../support/turn-client.ts';

const secret = randomBytes(32);
const realm = 'turnpike.local';

/** All that a relay thread does, in the thread of the test, where its descriptors and timers can be counted. */
export interface LoopbackEngine {
  readonly engine: RelayEngine;
  readonly udp: TransportAddress;
  readonly tcp: TransportAddress;
}

/** Starts an engine on a loopback address that no other run has, so that all its ports are free. It is stopped when the test ends. */
export async function startEngine(overrides: Partial<ResolvedConfig['turn']> = {}): Promise<LoopbackEngine> {
  const host = ip(`127.${randomInt(1, 64)}.${randomInt(256)}.${randomInt(1, 255)}`);
  const listen = (['udp', 'tcp'] as const).map((transport) => ({ transport, host, port: 0 }));
  const { turn } = loopbackConfig({ realm, listen, ...overrides });
  const { start } = planRelayStart(turn, {
    nonceKey: randomBytes(32),
    backoff: null,
    tls: null,
  });
  const engine = new RelayEngine(start, {
    onSessionEvent: () => undefined,
    onListenersChanged: () => undefined,
    onDrained: () => undefined,
    onUsage: () => undefined,
    onBackoff: () => undefined,
  });
  const secrets = [{ id: 'test', secret, state: 'active', acceptedUntilS: null }] as const;
  for (const delta of deltas(wholeSet({ realm, users: [], secrets }))) engine.applyCredentials(delta);
  await engine.start();
  onTestFinished(async () => {
    await engine.stop();
  });
  const addressOf = (transport: 'udp' | 'tcp'): TransportAddress => {
    const listener = engine.status.listeners.find((each) => each.transport === transport);
    if (listener === undefined) throw new Error(`the engine has no ${transport} listener`);
    return listener.address;
  };
  return { engine, udp: addressOf('udp'), tcp: addressOf('tcp') };
}

/** A credential of this subject that expires so many seconds from now. */
export function credentialOf(subject: string, ttlS: number): TurnCredential {
  const username = restUsername(Math.floor(Date.now() / 1000) + ttlS, subject);
  return { username, password: restPassword(secret, username) };
}
