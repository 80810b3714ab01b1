import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { TransportAddress } from '../../stun/transport-address.ts';
import { formatIp, parseIp } from '../../stun/ip-text.ts';
import assert from 'node:assert';

/** Who takes what arrives at a socket. */
export interface DatagramReceiver {
  receive(message: Buffer, remote: RemoteInfo): void;
  /** The system reports an error of a packet that was sent before; the socket goes on. */
  onSocketError(): void;
}

/** A bound socket; it receives nothing before `deliverTo`. */
export interface BoundSocket {
  readonly socket: Socket;
  readonly address: TransportAddress;
}

/**
 * Binds a UDP socket at once, or answers the system's error. `port` 0 takes any.
 * node:dgram calls back synchronously because its `lookup` does, so there is no moment in which the socket is half open.
 */
export function bindSocket(address: TransportAddress): BoundSocket | NodeJS.ErrnoException {
  const { ip, port } = address;
  const socket = createSocket({ type: ip.family === 4 ? 'udp4' : 'udp6', ipv6Only: ip.family === 6, lookup: echo });
  let failure: NodeJS.ErrnoException | undefined;
  const onError = (error: NodeJS.ErrnoException): void => {
    failure = error;
  };
  socket.on('error', onError);
  socket.bind({ address: formatIp(ip), port, exclusive: true });
  if (failure !== undefined) {
    socket.close();
    return failure;
  }
  socket.off('error', onError);
  const bound = socket.address();
  const boundIp = parseIp(bound.address);
  assert(boundIp !== null, `a socket is bound to the address ${bound.address}`);
  return { socket, address: { ip: boundIp, port: bound.port } };
}

/** Hands every packet and error of the socket to `receiver`, through functions that all sockets share. */
export function deliverTo(socket: Socket, receiver: DatagramReceiver): void {
  Object.assign(socket, { receiver });
  socket.on('message', onMessage);
  socket.on('error', onError);
}

interface ReceivingSocket extends Socket {
  readonly receiver: DatagramReceiver;
}

function onMessage(this: ReceivingSocket, message: Buffer, remote: RemoteInfo): void {
  this.receiver.receive(message, remote);
}

function onError(this: ReceivingSocket): void {
  this.receiver.onSocketError();
}

/** Every address is a literal already. The family that it answers is not looked at. */
function echo(
  address: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, address, 4);
}

/** Closes a socket; done when the system has it back. */
export function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(resolve);
  });
}
