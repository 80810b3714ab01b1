import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest';
import { descriptorLimit } from '../../server/app/descriptors.ts';
import { restPassword, restUsername } from '../../server/credentials/rest-username.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { freeFailures } from '../../server/turn/auth-backoff.ts';
import { readDataIndication } from '../conformance/plane/messages.ts';
import { commandLine, readyLine } from '../startup/serving.ts';
import { RunningProgram } from '../startup/running-program.ts';
import { ip } from '../support/addresses.ts';
import { tempDir } from '../support/temp-dir.ts';
import { office, type OfficeReport } from './office.ts';
import { PatientClient, relayedAddresses, type Credential } from './patient-client.ts';

const officeProcess = fileURLToPath(new URL('./office-process.ts', import.meta.url));
const secret = 'nobody outside of this test knows it';

/** What each process needs: a socket for each allocation, and as much again for what the server keeps free. */
const neededDescriptors = 14_000;

interface Lobby {
  readonly server: TransportAddress;
  /** The one address that everybody calls from. */
  readonly callers: string;
}

/** Starts a server on a loopback address that no other run has, so that all ports of it are free. */
async function openLobby(context: TestContext): Promise<Lobby> {
  const limit = descriptorLimit();
  if (process.platform !== 'linux' || limit === null || limit < neededDescriptors) {
    const missing = `needs Linux and a descriptor limit of ${neededDescriptors} ("ulimit -n" says ${limit ?? 'nothing'})`;
    if (process.env.CI === 'true') throw new Error(missing);
    // Skipping alone is silent in most reports.
    console.warn(`Skipped "${context.task.name}": ${missing}`);
    context.skip(missing);
  }
  const network = `127.${randomInt(1, 255)}.${randomInt(256)}`;
  const address = `${network}.1`;
  const flags = [
    `--turn-listen=udp://${address}:3478`,
    '--http-public=http://127.0.0.1:0',
    '--http-admin=http://127.0.0.1:0',
    `--data-dir=${tempDir()}`,
  ];
  const env = { ...process.env, TURNPIKE_TURN_SECRETS: secret };
  const server = new RunningProgram(process.execPath, [commandLine, 'serve', ...flags], { env });
  await server.seen(readyLine);
  return { server: { ip: ip(address), port: 3478 }, callers: `${network}.2` };
}

function credentialOf(subject: string): Credential {
  const username = restUsername(Math.floor(Date.now() / 1000) + 3600, subject);
  return { username, password: restPassword(Buffer.from(secret), username) };
}

async function clientOf({ server, callers }: Lobby, credential: Credential): Promise<PatientClient> {
  const client = await PatientClient.overUdp(server, credential, callers);
  onTestFinished(() => client.close());
  return client;
}

/**
 * Has someone try wrong passwords for this name until its owner cannot allocate either: new Allocates of the name wait. The
 * first wait is a second, which a machine under load may let pass, and then it all begins again.
 */
async function failUntilNoticed(lobby: Lobby, owner: Credential): Promise<void> {
  for (let round = 0; round < 5; round++) {
    const stranger = await clientOf(lobby, { ...owner, password: 'wrong' });
    for (let failure = 0; failure <= freeFailures; failure++) expect((await stranger.allocate()).code).toBe(401);
    const answer = await (await clientOf(lobby, owner)).allocate();
    if (answer.code === 401) return;
  }
  throw new Error(`${owner.username} can allocate however often it is failed`);
}

test(
  'SECURITY.md 5: of 5,000 clients behind one address every one with the right password is served, twice',
  { timeout: 90_000 },
  async (context) => {
    const { server, callers } = await openLobby(context);
    const args = [officeProcess, formatIp(server.ip), String(server.port), callers, secret];
    const program = new RunningProgram(process.execPath, args);
    await program.seen(/^\{.*\}$/m);
    const wrong = (office.clients / office.oneWrongIn) * office.allocationsPerClient;
    const right = office.clients * office.allocationsPerClient - wrong;
    expect(JSON.parse(program.stdout)).toEqual({
      right: { 0: right },
      wrong: { 401: wrong * office.triesWithWrongPassword },
      relayedAddresses: right,
    } satisfies OfficeReport);
  },
);

describe('SECURITY.md 5: wrong passwords behind one address', () => {
  test('hold nobody up but the name they are given for', async (context) => {
    const lobby = await openLobby(context);
    const victim = credentialOf('victim');
    await failUntilNoticed(lobby, victim);
    expect((await (await clientOf(lobby, credentialOf('colleague'))).allocate()).code).toBe(0);
  });

  test('leave a live session of that name alone', async (context) => {
    const lobby = await openLobby(context);
    const victim = credentialOf('victim');
    const session = await clientOf(lobby, victim);
    await session.allocate();
    const peer = await clientOf(lobby, credentialOf('peer'));
    const [peerRelay] = relayedAddresses(await peer.allocate());
    if (peerRelay === undefined) throw new Error('the peer has no relay');
    await failUntilNoticed(lobby, victim);

    expect((await session.refresh(600)).code).toBe(0);
    expect((await session.bindChannel(0x4000, peerRelay)).code).toBe(0);
    expect((await peer.permit(peerRelay)).code).toBe(0);
    const media = Promise.withResolvers<Uint8Array>();
    peer.onMedia = media.resolve;
    session.sendChannel(0x4000, Buffer.from('still here'));
    expect(readDataIndication(await media.promise).data.toString()).toBe('still here');
  });
});
