import { chromium as browserType } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { onTestFinished } from 'vitest';
import type { TestContext } from 'vitest';
import { chromium, findCommand } from '../../scripts/test-tools.ts';

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
  const executablePath = findCommand(chromium.commands);
  if (executablePath === null) {
    const missing = `${chromium.name} is missing. ${chromium.remedy}`;
    if (process.env.CI === 'true') throw new Error(missing);
    // Skipping alone is silent in most reports.
    console.warn(`Skipped "${context.task.name}": ${missing}`);
    context.skip(missing);
  }
  // The sandbox needs privileges that containers seldom give; the pages are our own.
  const browser = await browserType.launch({ executablePath, headless: true, chromiumSandbox: false, args: flags });
  onTestFinished(() => browser.close());
  return browser;
}
