import { existsSync } from 'node:fs';
import path from 'node:path';
import { RunningProgram } from '../startup/running-program.ts';
import { admittedSystemCalls, settingOf, wordsOf, type UnitFile } from './unit-file.ts';

/** Whom the confined program runs as: nobody, so that a file of root's is a file of somebody else's. */
export const confinedUser = { uid: 65_534, gid: 65_534 };

const python = '/usr/bin/python3';
const setpriv = '/usr/bin/setpriv';

/** Where a confined program lies and what it may write. */
export interface Confinement {
  /** What stands for `/opt/turnpike`. */
  readonly layout: string;
  /** The one directory that stays writable. */
  readonly writable: string;
}

/**
 * Makes the mounts, of which $1 stays writable and the words of $2 executable, whatever $3 says of all others; $4 are the options of
 * /proc. The rest of the arguments is the program.
 */
const mount = `
set -eu
writable=$1; executable=$2; others=$3; proc=$4; shift 4
mount --bind "$writable" "$writable"
cd "$writable"
for path in $executable; do mount --bind "$path" "$path"; mount -o remount,bind,ro "$path"; done
mount -o remount,bind,rw,noexec "$writable"
mount -t proc -o "$proc" proc /proc
# Last: mount(8) itself may not be executed afterwards.
mount -o "remount,bind,$others" /
exec "$@"
`;

/**
 * Runs the unit's Node.js as the unit does, as far as that goes without systemd: another user, the unit's capabilities, no new
 * privileges, its filter of system calls and address families, its mounts. Only root can.
 */
export function runConfined(
  unit: UnitFile,
  args: readonly string[],
  { layout, writable }: Confinement,
): RunningProgram {
  const inLayout = (word: string): string => word.replace(/^\/opt\/turnpike(?=\/)/, layout);
  const node = path.join(layout, 'bin/node');
  const filter = {
    admitted: admittedSystemCalls(unit),
    families: wordsOf(unit, 'RestrictAddressFamilies'),
    error: settingOf(unit, 'SystemCallErrorNumber'),
  };
  const executable = [...wordsOf(unit, 'ExecPaths').map((word) => inLayout(word.replace(/^-/, ''))), python, setpriv];
  const capabilities = (name: string): string => {
    const words = wordsOf(unit, name).filter((word) => word !== '');
    return ['-all', ...words.map((word) => `+${word.replace('CAP_', '').toLowerCase()}`)].join(',');
  };
  const privileges = [
    `--reuid=${confinedUser.uid}`,
    `--regid=${confinedUser.gid}`,
    '--clear-groups',
    ...(settingOf(unit, 'NoNewPrivileges') === 'yes' ? ['--no-new-privs'] : []),
    `--bounding-set=${capabilities('CapabilityBoundingSet')}`,
    `--inh-caps=${capabilities('AmbientCapabilities')}`,
    `--ambient-caps=${capabilities('AmbientCapabilities')}`,
  ];
  const others = [
    settingOf(unit, 'ProtectSystem') === 'strict' ? 'ro' : 'rw',
    settingOf(unit, 'NoExecPaths') === '/' ? 'noexec' : 'exec',
  ].join(',');
  const proc = `hidepid=${settingOf(unit, 'ProtectProc')},subset=${settingOf(unit, 'ProcSubset')}`;
  const mounted = [writable, executable.filter((file) => existsSync(file)).join(' '), others, proc];
  const filtered = [
    python,
    path.join(import.meta.dirname, 'system-call-filter.py'),
    JSON.stringify(filter),
    node,
    ...args,
  ];
  const shell = ['/bin/sh', '-c', mount, 'sh', ...mounted];
  const program = ['--mount', '--propagation=private', ...shell, setpriv, ...privileges, ...filtered];
  return new RunningProgram('unshare', program, { cwd: writable, env: { PATH: '/usr/bin:/bin' } });
}
