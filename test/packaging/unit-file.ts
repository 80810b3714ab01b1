import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../startup/running-program.ts';

/** The values of a unit's settings, in the order they are given; systemd adds up the lists that it repeats. */
export type UnitFile = ReadonlyMap<string, readonly string[]>;

/** The unit that is installed. */
export const servicePath = path.join(projectRoot, 'systemd/turnpike.service');

/** Reads the unit that is installed. Its sections share no names. */
export function readService(): UnitFile {
  const settings = new Map<string, string[]>();
  for (const [, name = '', value = ''] of readFileSync(servicePath, 'utf8').matchAll(/^(\w+)=(.*)$/gm)) {
    settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  return settings;
}

/** The value of a setting that stands once. */
export function settingOf(unit: UnitFile, name: string): string {
  const [value, ...others] = unit.get(name) ?? [];
  if (value === undefined || others.length > 0) throw new Error(`${name}= does not stand once in the unit`);
  return value;
}

/** The words of a setting that is a list. */
export function wordsOf(unit: UnitFile, name: string): string[] {
  return (unit.get(name) ?? []).flatMap((value) => value.split(' '));
}

/** The system calls that the unit admits: those of its first list without those of the lists that begin with `~`. */
export function admittedSystemCalls(unit: UnitFile): string[] {
  const groups = systemCallGroups();
  const admitted = new Set(expand(['@default'], groups));
  for (const list of unit.get('SystemCallFilter') ?? []) {
    const calls = expand(list.replace(/^~/, '').split(' '), groups);
    for (const call of calls) {
      if (list.startsWith('~')) admitted.delete(call);
      else admitted.add(call);
    }
  }
  return [...admitted];
}

function expand(names: readonly string[], groups: ReadonlyMap<string, readonly string[]>): string[] {
  return names.flatMap((name) => {
    if (!name.startsWith('@')) return [name];
    const members = groups.get(name);
    if (members === undefined) throw new Error(`systemd knows no group of system calls ${name}`);
    return expand(members, groups);
  });
}

/** The groups as this systemd has them: `@name` at the line's beginning, members indented below. */
function systemCallGroups(): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  let members: string[] = [];
  for (const line of execFileSync('systemd-analyze', ['syscall-filter'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).split('\n')) {
    const word = line.trim();
    if (line.startsWith('@')) groups.set(word, (members = []));
    else if (word !== '' && !word.startsWith('#')) members.push(word);
  }
  return groups;
}
