import type { RunningServer } from '../child-processes.ts';
import type { NativePrograms } from '../native-programs.ts';
import type { ContestantName } from '../options.ts';

/** What every server is started with. */
export interface Place {
  readonly programs: NativePrograms;
  /** CPUs to keep to, as `launch` reads them. */
  readonly cpus: string;
  /** A directory of the run's own, removed at its end. */
  readonly scratchDirectory: string;
}

/** How a client reaches a server. */
export type Transport = 'udp' | 'tcp' | 'tls';

/** Someone who takes part: a TURN server, or a forwarder that shows what the forwarding alone costs. */
export interface Contestant {
  readonly name: ContestantName;
  /** What the tables call it. */
  readonly label: string;
  readonly topology: 'turn' | 'bare';
  /** The directions that it relays on a channel. */
  readonly toward: 'both' | 'client';
  /** By which clients can reach it. */
  readonly transports: readonly Transport[];
  /** Why it cannot take part on this machine; null when it can. */
  unavailable(): Promise<string | null>;
  /** Starts it on 127.0.0.1 and resolves when it serves. */
  start(place: Place): Promise<RunningServer>;
}

/** The user that every TURN server knows. */
export const benchUser = { name: 'bench', password: 'bench-password', realm: 'turnpike.local' } as const;
