import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startAppliance } from './appliance-process.ts';
import { launchChromium } from './chromium.ts';

const readme = new URL('../../README.md', import.meta.url);
/** What the reader replaces by what `turnpike ice` printed. */
const pasteHere = '{ /* paste here */ }';

test('the page in the README, with what `turnpike ice` prints pasted in, holds a relayed call', async (context) => {
  const browser = await launchChromium(context);
  const appliance = await startAppliance();
  const page = await browser.newPage();
  await page.addInitScript(rememberConnections);
  const html = pageInReadme(await readFile(readme, 'utf8'));
  const printed = await appliance.printedIce();
  const pasted = html.replace(pasteHere, () => printed);
  await page.goto(await saved(pasted));
  await expect.poll(() => page.innerText('body'), { timeout: 20_000 }).toMatch(/\brelayed\b/i);

  const localCandidateTypes = await page.evaluate<string[]>(selectedLocalCandidateTypes);
  expect(localCandidateTypes.length).toBeGreaterThanOrEqual(2);
  expect(new Set(localCandidateTypes)).toEqual(new Set(['relay']));
});

/** The only ```html block of the README, which must say where to paste. */
function pageInReadme(text: string): string {
  const blocks = [...text.matchAll(/^```html\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  expect(blocks, 'README.md has one ```html block').toHaveLength(1);
  const [html] = blocks as [string];
  expect(html.split(pasteHere), `the page says once where to paste: ${pasteHere}`).toHaveLength(2);
  return html;
}

/** The page as a user keeps it: a file, opened from disk. */
async function saved(html: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-readme-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'call.html');
  await writeFile(file, html);
  return pathToFileURL(file).href;
}

const rememberConnections = `
  globalThis.connections = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      globalThis.connections.push(this);
    }
  };`;

const selectedLocalCandidateTypes = `
  Promise.all(connections.map(async (connection) => {
    const stats = await connection.getStats();
    return [...stats.values()]
      .filter((entry) => entry.type === 'transport')
      .map((transport) => stats.get(stats.get(transport.selectedCandidatePairId)?.localCandidateId)?.candidateType);
  })).then((types) => types.flat())`;
