import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { canaryPort } from './lab-addresses.ts';

/** Groups are heard by those who join them, and everyone else's datagrams without. */
const groups = {
  udp4: ['224.0.0.0', '232.0.0.0', '239.255.255.255'],
  udp6: ['ff02::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
} as const;

/** Listens at every address of this network, and says what each datagram holds. */
export async function openCanary(onDatagram: (text: string) => void): Promise<void> {
  for (const type of ['udp4', 'udp6'] as const) {
    const socket = createSocket({ type, ...(type === 'udp6' && { ipv6Only: true }) });
    socket.on('message', (message) => onDatagram(message.toString()));
    socket.bind(canaryPort);
    await once(socket, 'listening');
    for (const group of groups[type]) join(socket, group, type === 'udp4' ? undefined : '::%eth0');
  }
}

function join(socket: Socket, group: string, networkInterface: string | undefined): void {
  try {
    socket.addMembership(group, networkInterface);
  } catch (error) {
    // Where there is no route for a group nothing can be sent to it either.
    if ((error as NodeJS.ErrnoException).code !== 'ENODEV') throw error;
  }
}
