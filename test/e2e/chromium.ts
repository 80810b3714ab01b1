import { join } from 'node:path';
import { chromium as browserType } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { onTestFinished } from 'vitest';
import type { TestContext } from 'vitest';
import { chromium } from '../../scripts/test-tools.ts';
import type { TestAuthority } from '../support/certificates.ts';
import { tempDir } from '../support/temp-dir.ts';
import { requiredTool } from './required-tool.ts';
import { trustAuthority } from './trusted-authority.ts';

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
 * Launches a headless Chromium with a new profile and a home of its own, closed when the test ends. Without one
 * installed the test is skipped, or fails where `CI` is `true`.
 * @param wrapped - gives the program to start in place of the one that was found
 */
export function launchChromium(
  context: TestContext,
  wrapped: (program: string) => string = (program) => program,
): Promise<Browser> {
  return launch(wrapped(requiredTool(context, chromium)), tempDir());
}

/**
 * The same with an authority that signs servers' certificates. Elsewhere than on Linux the test is skipped: what
 * Chromium trusts is there the user's, which no test may touch.
 */
export function launchTrustingChromium(
  context: TestContext,
  authority: TestAuthority,
  wrapped: (program: string) => string = (program) => program,
): Promise<Browser> {
  if (process.platform !== 'linux') return context.skip(`${process.platform} has one trust store for all programs`);
  const program = wrapped(requiredTool(context, chromium));
  const home = tempDir();
  // Besides its own list Chromium believes the database of its user.
  trustAuthority(context, authority, join(home, '.pki', 'nssdb'));
  return launch(program, home);
}

async function launch(executablePath: string, home: string): Promise<Browser> {
  const browser = await browserType.launch({
    executablePath,
    headless: true,
    // The sandbox needs privileges that containers seldom give; the pages are our own.
    chromiumSandbox: false,
    args: flags,
    env: { ...process.env, HOME: home },
  });
  onTestFinished(() => browser.close());
  return browser;
}
