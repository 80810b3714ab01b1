import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { callControl } from '../../server/app/control-client.ts';
import { RunningProgram } from '../startup/running-program.ts';
import { commandLine, readyLine } from '../startup/serving.ts';
import type { HealthReply } from '../../server/contract/control.ts';
import { ip } from '../support/addresses.ts';
import { eventually, loopbackConfig, startAppliance, type RunningAppliance } from '../support/appliance.ts';
import { tempDir } from '../support/temp-dir.ts';
import { TurnClient } from '../support/turn-client.ts';
import { countOf } from './counts.ts';
import { bindingRequest } from './forgeries.ts';
import { settledThreadHeapBytes } from './thread-heap.ts';

const isLinux = process.platform === 'linux';
const slowReader = fileURLToPath(new URL('./slow-reader-process.ts', import.meta.url));
const user = { name: 'alice', password: 'wonderland' };
const credential = { username: user.name, password: user.password };

/** A server with few descriptors, on an address that no other run has, and its public URL. */
async function serveWithDescriptors(
  limit: number,
  dataDir: string,
): Promise<{ address: string; port: number; url: string }> {
  const address = `127.${randomInt(1, 64)}.${randomInt(256)}.1`;
  const url = `http://${address}:8080`;
  const listen = ['udp', 'tcp'].map((transport) => `${transport}://${address}:3478`).join(',');
  const flags = [
    `--turn-listen=${listen}`,
    `--http-public=${url}`,
    '--http-admin=http://127.0.0.1:0',
    `--data-dir=${dataDir}`,
  ];
  const command = [process.execPath, commandLine, 'serve', ...flags];
  const env = { ...process.env, TURNPIKE_TURN_USERS: JSON.stringify([user]) };
  const server = new RunningProgram('sh', ['-c', `ulimit -n ${limit}; exec "$0" "$@"`, ...command], { env });
  await server.seen(readyLine);
  return { address, port: 3478, url };
}

async function openStream(port: number, host: string, localAddress: string): Promise<Socket> {
  const socket = connect({ port, host, localAddress });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  // What is not read would keep an ended stream from closing.
  return socket.resume();
}

test.skipIf(!isLinux)(
  'SECURITY.md 10: strangers take a quarter of the descriptors at most, for a minute at most, whatever they send',
  { timeout: 120_000 },
  async () => {
    // What 512 leave over, a quarter of it to streams.
    const maxStreams = 72;
    const dataDir = tempDir();
    const { address, port, url } = await serveWithDescriptors(512 + 4 * maxStreams, dataDir);
    const server = { ip: ip(address), port };
    const network = address.slice(0, address.lastIndexOf('.'));
    const resident = await TurnClient.overTcp(server, credential);
    onTestFinished(() => resident.close());
    expect((await resident.allocate()).code).toBe(0);

    const local = (stranger: number): string => `${network}.${2 + stranger}`;
    const strangers = await Promise.all(
      Array.from({ length: maxStreams + 20 }, (_, stranger) => openStream(port, address, local(stranger))),
    );
    const isOpen = (socket: Socket): boolean => !socket.closed;
    const openCount = (): number => strangers.filter(isOpen).length;
    await eventually('the surplus is turned away', () => openCount() === maxStreams - 1);

    // Relays and HTTP have what they need.
    const caller = await TurnClient.overUdp(server, credential);
    onTestFinished(() => caller.close());
    expect((await caller.allocate()).code).toBe(0);
    expect((await fetch(`${url}/livez`)).status).toBe(200);

    // A place that is given up is taken by the next.
    strangers.find(isOpen)?.destroy();
    const health = async (): Promise<HealthReply> => (await callControl(dataDir, { command: 'health' })) as HealthReply;
    const openAtServer = async (): Promise<number> => countOf(await health(), 'streams', 'open');
    await expect.poll(openAtServer, { timeout: 5_000 }).toBe(maxStreams - 1);
    const late = await TurnClient.overTcp(server, credential);
    onTestFinished(() => late.close());
    expect((await late.allocate()).code).toBe(0);

    // Whole requests, one that never ends, and silence buy the same time.
    const request = bindingRequest();
    let drips = 0;
    const drip = setInterval(() => {
      for (const [index, socket] of strangers.entries()) {
        if (index % 3 === 0) socket.write(request);
        if (index % 3 === 1) socket.write(request.subarray(drips, drips + 1));
      }
      drips += 1;
    }, 5_000);
    onTestFinished(() => clearInterval(drip));
    expect(openCount()).toBe(maxStreams - 2);
    await eventually('all strangers are gone', () => openCount() === 0, 75_000);
    expect((await health()).counts.streams).toMatchObject({ timedOut: maxStreams - 2, badFrames: 0, open: 2 });
    expect((await resident.refresh(600)).code).toBe(0);
  },
);

test.skipIf(!isLinux)(
  'SECURITY.md 10: to a client that reads nothing media is dropped, no memory is held, and it is served on',
  { timeout: 60_000 },
  async () => {
    const allow = [{ ip: ip('127.0.0.0'), prefixLength: 8 }];
    const running = await startAppliance(loopbackConfig({ peers: { allow, deny: [] } }));
    const turn = running.appliance.issueIceServers({ subject: 'alice' }).iceServers.find(({ username }) => username);
    const args = ['127.0.0.1', String(running.tcp.port), '127.0.0.1', turn?.username ?? '', turn?.credential ?? ''];
    const reader = new RunningProgram(process.execPath, [slowReader, ...args]);
    await reader.seen(/relayPort/);
    const { relayPort } = JSON.parse(reader.stdout) as { relayPort: number };
    const peer = createSocket('udp4').bind(0, '127.0.0.1');
    onTestFinished(() => void peer.close());
    await once(peer, 'listening');
    reader.signal('SIGSTOP');

    const heapAtFirst = await heapOf(running);
    await sendUntilDropped(running, 1, (bytes) => send(peer, bytes, relayPort));
    const heapWhenBlocked = await heapOf(running);
    expect(heapWhenBlocked - heapAtFirst).toBeLessThan(2 * maxQueuedBytes);
    await sendUntilDropped(running, 10_000, (bytes) => send(peer, bytes, relayPort));
    expect((await heapOf(running)) - heapWhenBlocked).toBeLessThan(maxQueuedBytes / 2);

    reader.signal('SIGCONT');
    await reader.seen(/"code"/);
    expect(JSON.parse(reader.stdout.split('\n')[1] ?? '')).toMatchObject({ code: 0 });
  },
);

/** What may wait for one client. */
const maxQueuedBytes = 262_144;
const packetBytes = 1000;

async function heapOf({ threads }: RunningAppliance): Promise<number> {
  const [thread] = threads;
  if (thread === undefined) throw new Error('there is no relay thread');
  return settledThreadHeapBytes(thread);
}

/** Has media sent until so much more of it was dropped; what the kernel holds of a stream goes in before. */
async function sendUntilDropped(
  { appliance }: RunningAppliance,
  packets: number,
  sendBytes: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const dropped = async (): Promise<number> => countOf(await appliance.health(), 'streams', 'droppedDeliveries');
  const before = await dropped();
  const payload = new Uint8Array(packetBytes);
  for (let sent = 0; (await dropped()) - before < packets;) {
    if (sent > 100_000) throw new Error('nothing is dropped, however much is sent');
    for (let count = 0; count < 100; count++, sent++) await sendBytes(payload);
  }
}

function send(socket: ReturnType<typeof createSocket>, bytes: Uint8Array, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(bytes, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
  });
}
