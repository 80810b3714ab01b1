import { readFile, writeFile } from 'node:fs/promises';

const page = new URL('../../docs/performance.md', import.meta.url);
const begin = '<!-- results: begin, written by npm run bench -- --publish -->\n';
const end = '<!-- results: end -->';

/** Puts the tables of a run in the place of those in docs/performance.md. Throws when the page has no place for them. */
export async function publish(tables: string): Promise<void> {
  const text = await readFile(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) {
    throw new Error('docs/performance.md has lost the two comments that its tables stand between');
  }
  await writeFile(page, `${text.slice(0, from + begin.length)}\n${tables}\n${text.slice(to)}`);
}
