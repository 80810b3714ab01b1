import { planDescriptors } from '../descriptors.ts';
import { ok, problem, warning, type Finding } from './finding.ts';
import type { HostFacts } from './host-facts.ts';

const minuteMs = 60_000;
/** What the plane asks for, and some seconds of media need. */
const wantedBufferBytes = 4 * 1024 * 1024;

/** The clock is right: credentials expire by it. */
export function checkClock({ clock, nowMs, database }: HostFacts): Finding[] {
  if (database.kind === 'there' && database.writtenAtMs > nowMs + 5 * minuteMs) {
    return [
      problem(
        'clock',
        `The clock says ${new Date(nowMs).toISOString()}, but the database was written at ${new Date(database.writtenAtMs).toISOString()}.`,
        'Set the clock, and have it kept right: systemctl enable --now systemd-timesyncd (or chrony).',
      ),
    ];
  }
  switch (clock) {
    case 'synchronised':
      return [ok('clock', 'The clock is synchronised.')];
    case 'unknown':
      return [
        warning(
          'clock',
          'The system does not tell whether its clock is synchronised, and credentials expire by it.',
          'Make sure that it is: "timedatectl" or "chronyc tracking"; for a container or virtual machine, on its host.',
        ),
      ];
    case 'free-running':
      return [
        warning(
          'clock',
          'Nothing keeps the clock right, and credentials expire by it.',
          'Have it synchronised: systemctl enable --now systemd-timesyncd (or chrony).',
        ),
      ];
  }
}

/** There are descriptors for as many relays as there are ports. */
export function checkDescriptors({ config, descriptorLimit }: HostFacts): Finding[] {
  if (descriptorLimit === null) return [ok('descriptors', 'The system does not tell its limit of descriptors.')];
  const { relayPorts, limits } = config.turn;
  const ports = relayPorts.last - relayPorts.first + 1;
  const plan = planDescriptors(limits.allocationsTotal, ports, descriptorLimit);
  if (plan.warning === undefined) {
    return [ok('descriptors', `The limit of ${descriptorLimit} descriptors is enough for every relay port.`)];
  }
  const [what = '', remedy = ''] = plan.warning.split(/(?<=ask for)\. /);
  return [warning('descriptors', `In this shell ${what}.`, remedy)];
}

/** Sockets may have buffers that hold bursts. */
export function checkSocketBuffers({ socketBuffers }: HostFacts): Finding[] {
  if (socketBuffers === null) {
    return [ok('socket-buffers', 'The system does not tell how large socket buffers may be.')];
  }
  const small = [
    ['net.core.rmem_max', socketBuffers.receiveBytes] as const,
    ['net.core.wmem_max', socketBuffers.sendBytes] as const,
  ].filter(([, bytes]) => bytes < wantedBufferBytes);
  if (small.length === 0) return [ok('socket-buffers', 'Socket buffers may be as large as bursts need.')];
  const settings = small.map(([name]) => `${name} = ${wantedBufferBytes}`).join('\\n');
  return [
    warning(
      'socket-buffers',
      `${small.map(([name, bytes]) => `${name} is ${bytes}`).join(', ')}: bursts of media are dropped when the server is busy for a moment.`,
      `Raise it: printf '${settings}\\n' >/etc/sysctl.d/61-turnpike.conf && sysctl --system`,
    ),
  ];
}

/** The running server is well. */
export function checkRunning({ running }: HostFacts): Finding[] {
  if (running === null) return [ok('server', 'No server runs from this data directory.')];
  const said = `Turnpike ${running.version} is ${running.status}, with ${running.allocations} allocations.`;
  switch (running.status) {
    case 'ok':
      return [ok('server', said)];
    case 'draining':
      return [warning('server', said, 'It ends when its sessions have; start it again then.')];
    case 'degraded':
      return [problem('server', said, 'See its log ("journalctl -u turnpike"), and "turnpike health".')];
  }
}
