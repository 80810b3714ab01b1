import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { HostFacts, PortRange } from './host-facts.ts';
import { parseRanges } from './port-ranges.ts';

const askTimeoutMs = 1_000;
/** It is there once systemd-timesyncd has set the clock. */
const timesyncMark = '/run/systemd/timesync/synchronized';

/** What the kernel says of ports, clock and sockets. Nobody outside is asked. */
export async function systemFacts(): Promise<
  Pick<HostFacts, 'ephemeralPorts' | 'reservedPorts' | 'clock' | 'socketBuffers'>
> {
  const receiveBytes = readNumber('/proc/sys/net/core/rmem_max');
  const sendBytes = readNumber('/proc/sys/net/core/wmem_max');
  return {
    ephemeralPorts: ephemeralPorts(),
    reservedPorts: parseRanges(read('/proc/sys/net/ipv4/ip_local_reserved_ports') ?? ''),
    clock: await clockState(),
    socketBuffers: receiveBytes === null || sendBytes === null ? null : { receiveBytes, sendBytes },
  };
}

function ephemeralPorts(): PortRange | null {
  const [first, last] = (read('/proc/sys/net/ipv4/ip_local_port_range') ?? '').trim().split(/\s+/).map(Number);
  return first === undefined || last === undefined || Number.isNaN(first) ? null : { first, last };
}

/** timedatectl asks the kernel (adjtimex), whatever program keeps the clock right. */
async function clockState(): Promise<HostFacts['clock']> {
  if (existsSync(timesyncMark)) return 'synchronised';
  try {
    const words = ['show', '--property=NTPSynchronized', '--value'];
    const { stdout } = await promisify(execFile)('timedatectl', words, { timeout: askTimeoutMs });
    if (stdout.trim() === 'yes') return 'synchronised';
    return stdout.trim() === 'no' ? 'free-running' : 'unknown';
  } catch {
    // A container, or a system without systemd: the host's clock is somebody else's to know.
    return 'unknown';
  }
}

function readNumber(path: string): number | null {
  const text = read(path);
  return text === null ? null : Number(text);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
