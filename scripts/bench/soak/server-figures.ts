import { readdir, readFile } from 'node:fs/promises';

/** What the system says of the server's process at one moment. */
export interface ServerFigures {
  readonly residentBytes: number;
  /** The resident set without the pages of files: heaps, stacks and buffers. */
  readonly anonymousBytes: number;
  readonly descriptors: number;
  /** CPU time since the start, by the threads' name; threads of one name are added up. */
  readonly threadCpuMs: Readonly<Record<string, number>>;
}

/** Reads /proc of a running process. Rejects when it is gone. */
export async function readServerFigures(pid: number): Promise<ServerFigures> {
  const [status, descriptors, threadCpuMs] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readdir(`/proc/${pid}/fd`),
    readThreads(pid),
  ]);
  return {
    residentBytes: kibibytes(status, 'VmRSS') * 1024,
    anonymousBytes: kibibytes(status, 'RssAnon') * 1024,
    descriptors: descriptors.length,
    threadCpuMs,
  };
}

function kibibytes(status: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status);
  if (found === null) throw new Error(`/proc/<pid>/status has no ${name}`);
  return Number(found[1]);
}

async function readThreads(pid: number): Promise<Record<string, number>> {
  const cpuMs: Record<string, number> = {};
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const directory = `/proc/${pid}/task/${thread}`;
    const name = (await readFile(`${directory}/comm`, 'utf8')).trim();
    const [ns = '0'] = (await readFile(`${directory}/schedstat`, 'utf8')).split(' ');
    cpuMs[name] = (cpuMs[name] ?? 0) + Number(ns) / 1e6;
  }
  return cpuMs;
}

/** Datagrams that the socket of this port on 127.0.0.1 lost because its queue was full. */
export async function readListenerDrops(port: number): Promise<number> {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = (await readFile('/proc/net/udp', 'utf8')).split('\n');
  const line = lines.find((text) => text.trim().split(/\s+/)[1] === address);
  return Number(line?.trim().split(/\s+/).at(-1) ?? 0);
}
