import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runProgram } from './run-program.ts';

/** A program that tests need and npm does not carry. */
export interface TestTool {
  readonly name: string;
  /** Any one of these on PATH, or at an absolute path, will do. */
  readonly commands: readonly string[];
  readonly debianPackage: string;
  /** The vitest project that cannot run without it. */
  readonly project: string;
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
  project: 'e2e',
  remedy: 'Install Chromium or Google Chrome so that it is on PATH (on Debian: apt-get install chromium).',
};

/** Everything the whole suite needs beyond Node.js. */
const testTools: readonly TestTool[] = [
  chromium,
  {
    name: 'coturn',
    commands: ['turnutils_uclient'],
    debianPackage: 'coturn',
    project: 'interop',
    remedy: 'Install coturn so that turnutils_uclient is on PATH.',
  },
  {
    name: 'iproute2',
    commands: ['ip'],
    debianPackage: 'iproute2',
    project: 'lab',
    remedy: 'Install iproute2 so that ip is on PATH, and run the tests as root on Linux: they make network namespaces.',
  },
];

/** The full path of the first of these commands that exists, or null. */
export function findCommand(commands: readonly string[]): string | null {
  const directories = (process.env.PATH ?? '').split(path.delimiter);
  for (const command of commands) {
    for (const file of path.isAbsolute(command) ? [command] : directories.map((dir) => path.join(dir, command))) {
      if (isExecutable(file)) return file;
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

/** The tools that are missing, after installing what this machine lets us install: on Debian, as root. */
export async function provideTools(): Promise<readonly TestTool[]> {
  const missing = testTools.filter((tool) => findCommand(tool.commands) === null);
  if (missing.length === 0 || !canInstallWithApt()) return missing;
  await installWithApt(missing.map((tool) => tool.debianPackage));
  const stillMissing = missing.filter((tool) => findCommand(tool.commands) === null);
  if (missing.some((tool) => tool.debianPackage === 'coturn') && existsSync('/run/systemd/system')) {
    // Debian starts what it installs; only the program is wanted here, not a relay that is open to the network.
    await runProgram('systemctl', ['disable', '--now', 'coturn'], 'inherit');
  }
  return stillMissing;
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
  console.log(
    `test: installing ${packages.join(' and ')} with apt-get, which this machine lacks and the tests need ...`,
  );
  if (listed && (await runProgram('apt-get', install, 'capture', env)).exitCode === 0) return;
  // The lists are missing, or so old that the packages they name are gone from the archive.
  const updated = await runProgram('apt-get', ['update', '-qq'], 'capture', env);
  const installed = updated.exitCode === 0 ? await runProgram('apt-get', install, 'capture', env) : updated;
  if (installed.exitCode !== 0) console.log(`test: apt-get failed:\n${installed.output.trimEnd()}`);
}
