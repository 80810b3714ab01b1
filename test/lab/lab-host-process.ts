/** A host of a lab: TURN clients and peers in a namespace, told by the test what to do over the channel to its parent. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { assertNever } from '../../server/contract/assert-never.ts';
import { readXorAddress } from '../../server/stun/addresses.ts';
import { formatIp, formatTransportAddress } from '../../server/stun/ip-text.ts';
import { attribute, decodeMessage } from '../../server/stun/message.ts';
import { AttributeType } from '../../server/stun/registry.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { bindingRequest, readDataIndication } from '../conformance/plane/messages.ts';
import { PatientClient, relayedAddresses } from '../security/patient-client.ts';
import { ip } from '../support/addresses.ts';
import type { BindingAnswer, HostMessage, HostReplies, HostRequest, Media } from './lab-host-messages.ts';

const bindingRetryMs = 200;
const bindingTries = 10;

const clients: PatientClient[] = [];

function tell(message: HostMessage): void {
  process.send?.(message);
}

async function openSocket(family: 4 | 6, address?: string): Promise<Socket> {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

async function bindings(servers: readonly TransportAddress[]): Promise<BindingAnswer[]> {
  const socket = await openSocket(servers[0]?.ip.family ?? 4);
  const answers: BindingAnswer[] = [];
  for (const server of servers) answers.push(await bindingAnswer(socket, server));
  socket.close();
  return answers;
}

async function bindingAnswer(socket: Socket, server: TransportAddress): Promise<BindingAnswer> {
  for (let tries = 0; tries < bindingTries; tries++) {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(bindingRetryMs) });
    // Whoever has no such address at the moment is as silent as one who does not answer.
    socket.send(bindingRequest(), server.port, formatIp(server.ip), () => undefined);
    try {
      const [bytes, from] = (await answered) as [Uint8Array, { address: string; port: number }];
      return { from: formatTransportAddress({ ip: ip(from.address), port: from.port }), mapped: mappedAddress(bytes) };
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error;
    }
  }
  return null;
}

function mappedAddress(bytes: Uint8Array): string {
  const message = decodeMessage(bytes);
  if (typeof message === 'string') throw new Error(`the answer to a Binding request is no STUN message: ${message}`);
  const value = attribute(message, AttributeType.xorMappedAddress);
  const mapped = value === undefined ? null : readXorAddress(value, message.transactionId);
  return mapped === null ? 'no address' : formatTransportAddress(mapped);
}

async function allocate({
  transport,
  server,
  credential,
}: Extract<HostRequest, { op: 'allocate' }>): Promise<HostReplies['allocate']> {
  const client = await (transport === 'udp'
    ? PatientClient.overUdp(server, credential)
    : PatientClient.overTcp(server, credential));
  const number = clients.push(client) - 1;
  client.onMedia = (bytes) => tell({ kind: 'media', client: number, media: readMedia(bytes) });
  // Without REQUESTED-ADDRESS-FAMILY: what such a client gets is the server's choice.
  const answer = await client.allocate();
  return { code: answer.code, client: number, relayed: relayedAddresses(answer) };
}

function readMedia(bytes: Uint8Array): Media {
  const view = Buffer.from(bytes);
  if ((bytes[0] ?? 0) >= 0x40) {
    return { from: `channel ${view.readUInt16BE(0)}`, text: view.toString('utf8', 4, 4 + view.readUInt16BE(2)) };
  }
  const { peer, data } = readDataIndication(bytes);
  return { from: formatTransportAddress(peer), text: data.toString() };
}

async function openPeer(address: string): Promise<TransportAddress> {
  const socket = await openSocket(ip(address).family, address);
  socket.on('message', (bytes, from) => {
    const heardFrom = formatTransportAddress({ ip: ip(from.address), port: from.port });
    tell({ kind: 'heard', from: heardFrom, text: bytes.toString() });
    socket.send(bytes, from.port, from.address);
  });
  return { ip: ip(address), port: socket.address().port };
}

function clientOf(number: number): PatientClient {
  const client = clients[number];
  if (client === undefined) throw new Error(`there is no client ${number}`);
  return client;
}

async function answerTo(request: HostRequest): Promise<HostReplies[keyof HostReplies]> {
  switch (request.op) {
    case 'bindings':
      return bindings(request.servers);
    case 'allocate':
      return allocate(request);
    case 'permit':
      return (await clientOf(request.client).permit(request.peer)).code;
    case 'bind-channel':
      return (await clientOf(request.client).bindChannel(request.channel, request.peer)).code;
    case 'send':
      clientOf(request.client).sendTo(request.peer, Buffer.from(request.text));
      return null;
    case 'send-channel':
      clientOf(request.client).sendChannel(request.channel, Buffer.from(request.text));
      return null;
    case 'open-peer':
      return openPeer(request.ip);
    default:
      return assertNever(request);
  }
}

process.on('message', ({ id, request }: { id: number; request: HostRequest }) => {
  answerTo(request).then(
    (reply) => tell({ kind: 'reply', id, reply }),
    (error: unknown) => tell({ kind: 'failed', id, message: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
tell({ kind: 'ready' });
