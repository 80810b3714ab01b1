import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The bench's C programs, compiled. */
export interface NativePrograms {
  /** The load generator: `load relay|allocate|binding name=value ...` */
  readonly load: string;
  /** The bare forwarder in C: `forwarder <port>` */
  readonly forwarder: string;
  /** Runs a program on given CPUs that ends when the bench does: `launch <cpus> <program> ...` */
  readonly launch: string;
}

const sourceDirectory = join(import.meta.dirname, 'native');
const cacheDirectory = join(import.meta.dirname, '../../node_modules/.cache/turnpike-bench');
const alone = ['forwarder.c', 'launch.c'];

/** Compiles what has changed since the last time. Throws with what to install when there is no C compiler. */
export async function compileNativePrograms(): Promise<NativePrograms> {
  const names = (await readdir(sourceDirectory)).toSorted();
  const sources = await Promise.all(names.map((name) => readFile(join(sourceDirectory, name))));
  const fingerprint = createHash('sha256');
  names.forEach((name, index) => fingerprint.update(name).update(sources[index] ?? ''));
  const directory = join(cacheDirectory, fingerprint.digest('hex').slice(0, 16));
  await mkdir(directory, { recursive: true });
  const shared = names.filter((name) => name.endsWith('.c') && !alone.includes(name));
  return {
    load: await compile(directory, 'load', shared, ['-lssl', '-lcrypto']),
    forwarder: await compile(directory, 'forwarder', ['forwarder.c']),
    launch: await compile(directory, 'launch', ['launch.c']),
  };
}

async function compile(
  directory: string,
  name: string,
  sources: readonly string[],
  libraries: readonly string[] = [],
): Promise<string> {
  const program = join(directory, name);
  const exists = await access(program).then(
    () => true,
    () => false,
  );
  if (exists) return program;
  const paths = sources.map((source) => join(sourceDirectory, source));
  try {
    await promisify(execFile)('cc', ['-O2', '-std=gnu11', '-o', `${program}.new`, ...paths, '-lm', ...libraries]);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error(
        'the bench needs a C compiler for its load generator: install one (Debian: apt-get install gcc libc6-dev libssl-dev)',
      );
    }
    throw error;
  }
  await rename(`${program}.new`, program);
  return program;
}
