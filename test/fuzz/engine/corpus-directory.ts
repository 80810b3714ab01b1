import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Where the corpora are, one directory for each target. */
export const corpusRoot = path.join(import.meta.dirname, '..', 'corpus');

/** The inputs of one target that are kept: a file each, named by its content; those that fail begin with `crash-`. */
export class CorpusDirectory {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = directory;
  }

  /** Every input, the smallest first. */
  read(): { readonly name: string; readonly bytes: Uint8Array }[] {
    if (!existsSync(this.#path)) return [];
    return readdirSync(this.#path)
      .sort()
      .flatMap((name) => {
        const bytes = readIfThere(path.join(this.#path, name));
        return bytes === null ? [] : [{ name, bytes }];
      })
      .sort((a, b) => a.bytes.length - b.bytes.length);
  }

  /** Where a file of this name would be; the directory is there afterwards. */
  pathOf(name: string): string {
    mkdirSync(this.#path, { recursive: true });
    return path.join(this.#path, name);
  }

  /** Keeps an input. Answers its file. */
  write(bytes: Uint8Array, prefix: '' | 'crash-' = ''): string {
    const file = this.pathOf(`${prefix}${contentName(bytes)}`);
    writeFileSync(file, bytes);
    return file;
  }

  /** Keeps these inputs, and of all others only those that fail. */
  replace(inputs: readonly Uint8Array[]): void {
    const names = new Set(inputs.map(contentName));
    for (const { name } of this.read()) {
      if (!names.has(name) && !name.startsWith('crash-')) rmSync(path.join(this.#path, name));
    }
    for (const bytes of inputs) this.write(bytes);
  }
}

/** Another run may take a file away: its input that is being run, or one that is no longer needed. */
function readIfThere(file: string): Uint8Array | null {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function contentName(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
