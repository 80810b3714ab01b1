import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { onTestFinished, type TestContext } from 'vitest';
import { RunningProgram } from '../startup/running-program.ts';

const run = promisify(execFile);

/** One end of a cable: whose it is, what the device is called there, and its addresses with their prefix lengths. */
export interface CableEnd {
  readonly namespace: Namespace;
  readonly device: string;
  readonly addresses?: readonly string[];
}

/** A network namespace of a running test: a host, a router or a switch. */
export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** Runs `ip` here. */
  async ip(...args: readonly string[]): Promise<void> {
    await ip('-n', this.name, ...args);
  }

  /** Runs a program here to its end, and gives what it wrote to standard output. */
  async exec(program: string, ...args: readonly string[]): Promise<string> {
    return (await run('ip', ['netns', 'exec', this.name, program, ...args])).stdout;
  }

  /** Starts a script under this Node.js here; it is killed when the test ends. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): RunningProgram {
    const program = ['netns', 'exec', this.name, process.execPath, ...args];
    return new RunningProgram('ip', program, { env: { ...process.env, ...env } });
  }

  /** Gives a device an address with its prefix length. IPv6 is usable at once: nobody is asked whether it is taken. */
  async addAddress(device: string, address: string): Promise<void> {
    await this.ip('address', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : []));
  }

  /** Sends everything that no other route takes to a neighbour. */
  async routeEverythingVia(gateway: string, device = 'eth0'): Promise<void> {
    const family = gateway.includes(':') ? '-6' : '-4';
    await this.ip(family, 'route', 'add', 'default', 'via', gateway, 'dev', device, 'onlink');
  }

  /** Makes a router of it. */
  async forward(): Promise<void> {
    await this.exec('sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward');
  }

  /** Runs `iptables` here with these words, separated by single spaces. */
  async iptables(rule: string): Promise<void> {
    await this.exec('iptables', '-w', ...rule.split(' '));
  }

  /** How many packets each rule of a chain has met, in their order. */
  async packetsPerRule(table: string, chain: string): Promise<number[]> {
    const listed = await this.exec('iptables', '-w', '-t', table, '-nvxL', chain);
    const rules = listed.trimEnd().split('\n').slice(2);
    return rules.map((rule) => Number.parseInt(rule.trim(), 10));
  }
}

/** Makes namespaces, all of one test, with names that no other run has. */
export type AddNamespace = (role: string) => Promise<Namespace>;

/**
 * Prepares to make namespaces that are removed when the test ends; those of runs that were killed are removed before.
 * Where namespaces cannot be had the test is skipped, or fails where `CI` is `true`, since nobody reads what a CI skips.
 */
export async function namespacesOf(context: TestContext): Promise<AddNamespace> {
  await removeAbandoned();
  const id = randomBytes(4).toString('hex');
  return async (role) => {
    const namespace = new Namespace(`turnpike-${process.pid}-${id}-${role}`);
    try {
      await ip('netns', 'add', namespace.name);
    } catch (error) {
      const missing = `no network namespace can be made: be root, with iproute2 (on Debian, apt-get install iproute2): ${String(error)}`;
      if (process.env.CI === 'true') throw new Error(missing, { cause: error });
      // Skipping alone is silent in most reports.
      console.warn(`Skipped "${context.task.name}": ${missing}`);
      context.skip(missing);
    }
    onTestFinished(() => remove(namespace.name));
    await namespace.ip('link', 'set', 'lo', 'up');
    return namespace;
  };
}

/** Joins two namespaces by a cable, both ends up. */
export async function connect(one: CableEnd, other: CableEnd): Promise<void> {
  const ends = [one, other].map(({ namespace, device }) => ['name', device, 'netns', namespace.name]);
  await ip('link', 'add', ...(ends[0] ?? []), 'type', 'veth', 'peer', ...(ends[1] ?? []));
  for (const { namespace, device, addresses = [] } of [one, other]) {
    for (const address of addresses) await namespace.addAddress(device, address);
    await namespace.ip('link', 'set', device, 'up');
  }
}

/** A run that is killed cannot clean up: the next one does, by the process that the name bears. */
async function removeAbandoned(): Promise<void> {
  let listed: string;
  try {
    listed = (await run('ip', ['netns', 'list'])).stdout;
  } catch {
    // Without iproute2 there is nothing to remove, and the first namespace says what is missing.
    return;
  }
  for (const [name, pid] of listed.matchAll(/^turnpike-(\d+)-[0-9a-f]+-\S+/gm)) {
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      await remove(name);
    } catch (error) {
      // Another run has been quicker.
      if (await isThere(name)) throw error;
    }
  }
}

/** Ends what still runs in a namespace, which would keep it alive without a name, and removes it. */
async function remove(name: string): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'pids', name]);
  for (const pid of stdout.split('\n').filter((line) => line !== '')) kill(Number(pid));
  await ip('netns', 'delete', name);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function isThere(name: string): Promise<boolean> {
  const { stdout } = await run('ip', ['netns', 'list']);
  return stdout.split('\n').some((line) => line.split(' ')[0] === name);
}

async function ip(...args: readonly string[]): Promise<void> {
  await run('ip', args);
}
