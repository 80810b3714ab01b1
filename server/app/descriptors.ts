import { readFileSync } from 'node:fs';

/** Kept free for listeners, HTTP and files. */
const reservedDescriptors = 512;
/** The most client streams that are ever held at once. */
const mostStreams = 65_536;

/** How many descriptors this process may open, or null where the system does not tell. */
export function descriptorLimit(): number | null {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line?.[1] === undefined ? null : Number(line[1]);
  } catch {
    return null;
  }
}

/** How the descriptors are shared out, and what the operator should know of it. */
export interface DescriptorPlan {
  /** Relays at a time, two for an allocation of both families; 0 = no limit. */
  readonly relaysTotal: number;
  readonly maxStreams: number;
  readonly warning: string | undefined;
}

/**
 * Every relay takes a descriptor and every client stream another, so that the descriptor limit caps them all (DESIGN.md
 * section 5). Streams may take a quarter: strangers open them, and must not take what relays need.
 * @param configured `turn.limits.allocationsTotal`; 0 = none
 * @param relayPorts how many ports `turn.relayPorts` names
 * @param limit the descriptor limit, null when unknown
 */
export function planDescriptors(configured: number, relayPorts: number, limit: number | null): DescriptorPlan {
  if (limit === null) return { relaysTotal: 0, maxStreams: mostStreams, warning: undefined };
  const available = Math.max(4, limit - reservedDescriptors);
  const maxStreams = Math.min(mostStreams, Math.floor(available / 4));
  const relaysTotal = available - maxStreams;
  const wanted = configured === 0 ? relayPorts : Math.min(configured, relayPorts);
  if (relaysTotal >= wanted) return { relaysTotal, maxStreams, warning: undefined };
  const warning =
    `the descriptor limit of ${limit} admits ${relaysTotal} relays at once, fewer than the ${wanted} that ` +
    'turn.relayPorts and turn.limits.allocationsTotal ask for. Raise it (LimitNOFILE= in a systemd unit, "ulimit -n" in a shell).';
  return { relaysTotal, maxStreams, warning };
}
