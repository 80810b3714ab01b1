import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { expect, type TestContext } from 'vitest';
import type { IceReply } from '../../server/contract/control.ts';
import { openCallPagesApart } from '../e2e/call-page.ts';
import { launchChromium, launchTrustingChromium } from '../e2e/chromium.ts';
import type { TestAuthority } from '../support/certificates.ts';
import { tempDir } from '../support/temp-dir.ts';
import type { LabServer } from './lab-server.ts';
import type { Namespace } from './namespaces.ts';

const echoBytes = 1024 * 1024;

/** Who calls whom, through what, and how the relays must be reached. */
export interface RelayedCall {
  readonly server: LabServer;
  readonly clients: readonly [caller: Namespace, callee: Namespace];
  readonly iceServers: IceReply['iceServers'];
  readonly relayProtocol: 'udp' | 'tcp' | 'tls';
  /** Who signed the server's certificate. */
  readonly authority?: TestAuthority;
}

/** Holds a call of two browsers, each in its namespace; expects 1 MiB to come back unchanged, relayed on both sides. */
export async function expectRelayedCall(context: TestContext, call: RelayedCall): Promise<void> {
  const { server, clients, iceServers, relayProtocol, authority } = call;
  const before = await relayedBytes(server);
  const browsers = await Promise.all([
    launchIn(context, clients[0], authority),
    launchIn(context, clients[1], authority),
  ]);
  const { caller, callee } = await openCallPagesApart(browsers);
  await callee.answer(iceServers);
  await caller.call(iceServers);

  const { sent, back, identical } = await caller.echo(echoBytes);
  expect(sent.bytes).toBe(echoBytes);
  expect(back).toEqual(sent);
  expect(identical).toBe(true);
  const relayedPair = {
    local: { candidateType: 'relay', relayProtocol },
    remote: { candidateType: 'relay' },
  };
  for (const side of [caller, callee]) {
    await expect.poll(() => side.selectedPairs(), { timeout: 10_000 }).toEqual([relayedPair]);
  }

  // Each direction passes two relays: it leaves a client for a peer at the sender's, and the other way at the receiver's.
  const after = await relayedBytes(server);
  expect(after.clientToPeer - before.clientToPeer).toBeGreaterThanOrEqual(2 * echoBytes);
  expect(after.peerToClient - before.peerToClient).toBeGreaterThanOrEqual(2 * echoBytes);
}

async function relayedBytes(server: LabServer): Promise<{ clientToPeer: number; peerToClient: number }> {
  const { status, counts } = await server.health();
  expect(status).toBe('ok');
  return {
    clientToPeer: counts.traffic?.clientToPeerBytes ?? NaN,
    peerToClient: counts.traffic?.peerToClientBytes ?? NaN,
  };
}

/** A browser whose network is the namespace's; the test talks to it through pipes, which cross namespaces. */
function launchIn(context: TestContext, namespace: Namespace, authority?: TestAuthority): Promise<Browser> {
  const wrapped = (program: string): string => {
    const file = join(tempDir(), 'chromium');
    writeFileSync(file, `#!/bin/sh\nexec ip netns exec ${namespace.name} '${program}' "$@"\n`);
    chmodSync(file, 0o755);
    return file;
  };
  return authority === undefined
    ? launchChromium(context, wrapped)
    : launchTrustingChromium(context, authority, wrapped);
}
