import path from 'node:path';

const vagueWords = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'manager', 'index'];

/** File and directory names that say nothing of what is inside. */
export function vagueNames(files: readonly string[]): string[] {
  return files.filter((file) =>
    file
      .split('/')
      .flatMap((part) => path.parse(part).name.toLowerCase().split(/[-_.]/))
      .some((word) => vagueWords.includes(word)),
  );
}

/** Names of source files that are not in kebab-case. */
export function oddlyWrittenNames(files: readonly string[]): string[] {
  return files.filter((file) => !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(path.basename(file)));
}

/** Files longer than a person reads at once. */
export function longFiles(files: readonly { path: string; text: string }[], lines: number): string[] {
  return files.filter((file) => file.text.trimEnd().split('\n').length > lines).map((file) => file.path);
}
