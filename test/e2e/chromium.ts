import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { onTestFinished } from 'vitest';
import type { TestContext } from 'vitest';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macChrome = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

const flags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/**
 * Launches a headless Chromium with a new profile, closed when the test ends. Without one installed the test is
 * skipped, or fails where `CI` is `true`, since nobody reads what a CI skips.
 */
export async function launchChromium(context: TestContext): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    const missing = `no Chromium on PATH (looked for ${names.join(', ')}): on Debian, apt-get install chromium`;
    if (process.env.CI === 'true') throw new Error(missing);
    // Skipping alone is silent in most reports.
    console.warn(`Skipped "${context.task.name}": ${missing}`);
    context.skip(missing);
  }
  // The sandbox needs privileges that containers seldom give; the pages are our own.
  const browser = await chromium.launch({ executablePath, headless: true, chromiumSandbox: false, args: flags });
  onTestFinished(() => browser.close());
  return browser;
}

function findChromium(): string | undefined {
  const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((dir) => names.map((name) => join(dir, name)));
  return [...onPath, macChrome].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
