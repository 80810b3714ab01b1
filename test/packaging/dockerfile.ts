import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../startup/running-program.ts';

/** One instruction of the Dockerfile: its name, and the rest of its line with continuations joined. */
export interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** The Dockerfile's stages, each from its FROM on. What stands before the first is a stage without one. */
export function readStages(): Instruction[][] {
  const lines = readFileSync(path.join(projectRoot, 'Dockerfile'), 'utf8')
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: Instruction[][] = [[]];
  for (const line of lines) {
    const [, name = '', value = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, value: value.replaceAll(/\s+/g, ' ').trim() });
  }
  return stages;
}

/** The value of an instruction that a stage has once. */
export function valueOf(stage: readonly Instruction[], name: string): string {
  const [found, ...others] = stage.filter((instruction) => instruction.name === name);
  if (found === undefined || others.length > 0) throw new Error(`${name} does not stand once in the stage`);
  return found.value;
}

/** What a COPY takes from the build context, and where it puts it. One that takes from another stage takes nothing from the context. */
export function copied({ value }: Instruction): { sources: string[]; destination: string } {
  const words = value.split(' ');
  const destination = words.pop() ?? '';
  return { sources: words[0]?.startsWith('--from=') === true ? [] : words, destination };
}

/** Whether a path, from the project's directory, is in the build context. In .dockerignore the last pattern that matches decides. */
export function isInContext(file: string): boolean {
  const patterns = readFileSync(path.join(projectRoot, '.dockerignore'), 'utf8').split('\n');
  let inside = true;
  for (const pattern of patterns.filter((line) => line !== '' && !line.startsWith('#'))) {
    if (matches(pattern.replace(/^!/, ''), file)) inside = pattern.startsWith('!');
  }
  return inside;
}

/** A pattern matches a path and all that lies below it; `*` is part of one name, `**` any number of directories. */
function matches(pattern: string, file: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**/', '(?:ANY/)?')
    .replaceAll('*', '[^/]*')
    .replaceAll('ANY', '.*');
  return new RegExp(`^${source}(/|$)`).test(file);
}

/** The files of the build context below a path, from the project's directory: those that the build would be sent. */
export function contextFiles(below: string): string[] {
  const whole = path.join(projectRoot, below);
  const entries = readdirSync(whole, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(projectRoot, path.join(entry.parentPath, entry.name)))
    .filter(isInContext);
}
