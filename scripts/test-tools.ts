import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runProgram } from './run-program.ts';

/** Something that tests need and npm does not carry: a program, or a module for one. */
export interface TestTool {
  readonly name: string;
  /** Any one of these on PATH, or at an absolute path, will do. */
  readonly commands: readonly string[];
  /** Arguments with which the command must succeed; without them it is enough that it exists. */
  readonly probe?: readonly string[];
  readonly debianPackage: string;
  /** The vitest projects that cannot run without it. */
  readonly projects: readonly string[];
  readonly remedy: string;
}

/** The browser that the suite of calls runs. */
export const chromium: TestTool = {
  name: 'Chromium',
  commands: [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  debianPackage: 'chromium',
  projects: ['e2e', 'lab'],
  remedy: 'Install Chromium or Google Chrome so that it is on PATH (on Debian: apt-get install chromium).',
};

/** The other browser of the suite of calls. */
export const firefox: TestTool = {
  name: 'Firefox',
  commands: ['firefox-esr', 'firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'],
  debianPackage: 'firefox-esr',
  projects: ['e2e'],
  remedy: 'Install Firefox so that it is on PATH (on Debian: apt-get install firefox-esr).',
};

/** What makes Chromium on Linux trust an authority, in a database of its own. Elsewhere the tests that need it are skipped. */
export const certutil: TestTool = {
  name: 'certutil',
  commands: ['certutil'],
  debianPackage: 'libnss3-tools',
  projects: ['e2e', 'lab'],
  remedy: 'Install the tools of NSS so that certutil is on PATH (on Debian: apt-get install libnss3-tools).',
};

/** A Python that has aioice, a TURN client; the first Python on PATH may be one without Debian's modules. */
export const pythonWithAioice: TestTool = {
  name: 'aioice',
  commands: ['python3'],
  probe: ['-c', 'import aioice'],
  debianPackage: 'python3-aioice',
  projects: ['interop'],
  remedy: 'Install aioice for a python3 on PATH (on Debian: apt-get install python3-aioice).',
};

/** A client of RFC 3489. By its path, since npm puts a program of this name before it on PATH. */
export const rfc3489Client: TestTool = {
  name: 'stun-client',
  commands: ['/usr/bin/stun'],
  debianPackage: 'stun-client',
  projects: ['interop'],
  remedy: 'Install the STUN client of Vovida.org at /usr/bin/stun (on Debian: apt-get install stun-client).',
};

/** Everything the whole suite needs beyond Node.js. */
export const testTools: readonly TestTool[] = [
  chromium,
  firefox,
  certutil,
  {
    name: 'coturn',
    commands: ['turnutils_uclient'],
    debianPackage: 'coturn',
    projects: ['interop'],
    remedy: 'Install coturn so that turnutils_uclient is on PATH.',
  },
  pythonWithAioice,
  rfc3489Client,
  {
    name: 'iproute2',
    commands: ['ip'],
    debianPackage: 'iproute2',
    projects: ['lab'],
    remedy: 'Install iproute2 so that ip is on PATH, and run the tests as root on Linux: they make network namespaces.',
  },
  {
    name: 'iptables',
    commands: ['iptables'],
    debianPackage: 'iptables',
    projects: ['lab'],
    remedy: 'Install iptables so that it is on PATH: the networks of the tests have NATs and firewalls.',
  },
  {
    name: 'systemd',
    commands: ['systemd-analyze'],
    debianPackage: 'systemd',
    projects: ['packaging'],
    remedy: 'Install systemd so that systemd-analyze is on PATH.',
  },
  {
    name: 'Python with libseccomp',
    commands: ['/usr/bin/python3'],
    probe: ['-c', 'import ctypes; ctypes.CDLL("libseccomp.so.2")'],
    // The library comes with systemd.
    debianPackage: 'python3',
    projects: ['packaging'],
    remedy: 'Install Python 3 at /usr/bin/python3, and libseccomp.',
  },
];

/** The full path of the first of these commands that exists and, when `probe` says so, works; or null. */
export function findCommand(commands: readonly string[], probe?: readonly string[]): string | null {
  const directories = (process.env.PATH ?? '').split(path.delimiter);
  for (const command of commands) {
    for (const file of path.isAbsolute(command) ? [command] : directories.map((dir) => path.join(dir, command))) {
      if (isExecutable(file) && (probe === undefined || spawnSync(file, probe).status === 0)) return file;
    }
  }
  return null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Those of the tools that are missing, after installing what this machine lets us install: on Debian, as root. */
export async function provideTools(tools: readonly TestTool[]): Promise<readonly TestTool[]> {
  const missing = tools.filter(isMissing);
  if (missing.length === 0 || !canInstallWithApt()) return missing;
  await installWithApt(missing.map((tool) => tool.debianPackage));
  const stillMissing = missing.filter(isMissing);
  if (missing.some((tool) => tool.debianPackage === 'coturn') && existsSync('/run/systemd/system')) {
    // Debian starts what it installs; only the program is wanted here, not a relay that is open to the network.
    await runProgram('systemctl', ['disable', '--now', 'coturn'], 'inherit');
  }
  return stillMissing;
}

function isMissing(tool: TestTool): boolean {
  return findCommand(tool.commands, tool.probe) === null;
}

function canInstallWithApt(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || findCommand(['apt-get']) === null) return false;
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
}

async function installWithApt(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
  const lists = '/var/lib/apt/lists';
  const listed = existsSync(lists) && readdirSync(lists).some((name) => name.includes('_Packages'));
  console.log(`test: installing ${packages.join(', ')} with apt-get, which this machine lacks and the tests need ...`);
  if (listed && (await runProgram('apt-get', install, 'capture', env)).exitCode === 0) return;
  // The lists are missing, or so old that the packages they name are gone from the archive.
  const updated = await runProgram('apt-get', ['update', '-qq'], 'capture', env);
  const installed = updated.exitCode === 0 ? await runProgram('apt-get', install, 'capture', env) : updated;
  if (installed.exitCode !== 0) console.log(`test: apt-get failed:\n${installed.output.trimEnd()}`);
}
