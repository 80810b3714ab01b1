import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** The project's directory. */
export const projectRoot = path.join(import.meta.dirname, '../..');

/** One source file: its path from the project's directory, with `/`, its text, and its syntax. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly syntax: ts.SourceFile;
}

/** A source from its text, whether or not a file has it: rules are proved on sources that break them. */
export function source(file: string, text: string): Source {
  return { path: file, text, syntax: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) };
}

/** The paths below a directory of the project that match, from the project's directory, sorted. */
export function listFiles(directory: string, pattern: RegExp): string[] {
  return readdirSync(path.join(projectRoot, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules') && pattern.test(entry.name))
    .map((entry) => path.relative(projectRoot, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

/** A file's text, by its path from the project's directory. */
export function readText(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8');
}

/** The sources below these directories. */
export function readSources(...directories: readonly string[]): Source[] {
  return directories
    .flatMap((directory) => listFiles(directory, /\.(ts|mjs|cjs)$/))
    .map((file) => source(file, readText(file)));
}

/** `path:line` of a node, as editors open it. */
export function place(file: Source, node: ts.Node): string {
  return `${file.path}:${String(file.syntax.getLineAndCharacterOfPosition(node.getStart(file.syntax)).line + 1)}`;
}

/** Every node of a source, parents before children. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  node.forEachChild((child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

/** Whether a path lies in one of these rooms of `server/`. */
export function inRoom(file: Source, rooms: readonly string[]): boolean {
  return rooms.some((room) => file.path.startsWith(`server/${room}/`));
}

/** The rooms that do no I/O and read no clock. */
export const pureRooms = ['contract', 'stun', 'seam', 'credentials', 'turn'];
