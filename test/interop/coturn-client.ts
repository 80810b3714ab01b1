import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import { RunningProgram } from '../startup/running-program.ts';

/** Sessions of a run, messages of a session in each direction, and bytes of a message. */
export const load = { sessions: 4, messages: 1000, bytes: 200 } as const;

/** What a run of coturn's client counted. */
export interface RunFigures {
  readonly sessions: number;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
}

/** How a run of coturn's client ended. */
export interface ClientRun {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Runs coturn's client, told to speak of what it does, against this server to its end. */
export async function runCoturnClient(server: TransportAddress, flags: readonly string[]): Promise<ClientRun> {
  const args = ['-v', '-p', String(server.port), ...flags, formatIp(server.ip)];
  const program = new RunningProgram('turnutils_uclient', args);
  const { code } = await program.end;
  return { exitCode: code, output: program.output };
}

/** The figures at the end of a run that got so far; null for a run that did not. */
export function figuresOf(output: string): RunFigures | null {
  const totals = /start_mclient: tot_send_msgs=(\d+), tot_recv_msgs=(\d+)$/m.exec(output);
  const losses = /Total lost packets (\d+) .* total send dropped (\d+) /.exec(output);
  if (totals === null || losses === null) return null;
  const sessions = [...output.matchAll(/start_mclient: msz=(\d+),/g)].map((match) => Number(match[1]));
  return {
    sessions: Math.max(...sessions),
    sent: Number(totals[1]),
    received: Number(totals[2]),
    lost: Number(losses[1]) + Number(losses[2]),
  };
}

/** The port of an echo by coturn's turnutils_peer at this address, which ends with the test. */
export async function startCoturnPeer(host: '127.0.0.1' | '::1'): Promise<number> {
  const probe = createSocket(host === '::1' ? 'udp6' : 'udp4');
  try {
    for (;;) {
      const port = await freePort(host);
      const peer = new RunningProgram('turnutils_peer', ['-L', host, '-p', String(port)]);
      // Someone else may have taken the port meanwhile; then the peer ends and another one is tried.
      while (!peer.hasEnded) {
        probe.send('ping', port, host);
        const answered = await Promise.race([once(probe, 'message').then(() => true), pause(50).then(() => false)]);
        if (answered) return port;
      }
    }
  } finally {
    probe.close();
  }
}

async function freePort(host: string): Promise<number> {
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4').bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
