import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { TestContext } from 'vitest';
import { firefox } from '../../scripts/test-tools.ts';
import { RunningProgram } from '../startup/running-program.ts';
import type { TestAuthority } from '../support/certificates.ts';
import { tempDir } from '../support/temp-dir.ts';
import { BidiConnection } from './bidi-connection.ts';
import type { OpenPage, Signal } from './call-page.ts';
import { requiredTool } from './required-tool.ts';
import { trustAuthority } from './trusted-authority.ts';

const listening = /WebDriver BiDi listening on (ws:\/\/\S+)/;
const closeTimeoutMs = 10_000;

/**
 * Cameras that need no hardware and no question, a relay on loopback, and silence towards the network: whatever Firefox
 * wants from elsewhere, it asks of a proxy that is not there. Loopback needs no proxy.
 */
const preferences = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  'network.proxy.type': 1,
  'network.proxy.socks': '127.0.0.1',
  'network.proxy.socks_port': 9,
  'network.proxy.socks_version': 5,
  'network.proxy.socks_remote_dns': true,
  'network.proxy.failover_direct': false,
  'network.proxy.allow_bypass': false,
  'network.dns.disablePrefetch': true,
  'network.trr.mode': 5,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.server': 'data:,',
};

/**
 * Launches a headless Firefox with a new profile and a home of its own, closed when the test ends, and gives what opens
 * its pages. Without one installed the test is skipped, or fails where `CI` is `true`.
 * @param authority - one that it believes when it signs servers' certificates
 */
export async function launchFirefox(context: TestContext, authority?: TestAuthority): Promise<OpenPage> {
  const program = requiredTool(context, firefox);
  const home = tempDir();
  const profile = join(home, 'profile');
  mkdirSync(profile);
  if (authority !== undefined) trustAuthority(context, authority, profile);
  const lines = Object.entries(preferences).map(
    (each) => `user_pref(${each.map((part) => JSON.stringify(part)).join()});`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
  const env = { ...process.env, HOME: home, MOZ_CRASHREPORTER_DISABLE: '1' };
  const running = new RunningProgram(program, args, { env });
  const connected = connect(running);
  onTestFinished(() => close(running, connected));
  return pagesThrough(await connected);
}

async function connect(running: RunningProgram): Promise<BidiConnection> {
  await running.seen(listening);
  const [, url] = listening.exec(running.output) ?? [];
  return BidiConnection.open(`${url}/session`);
}

/** What a page gave `window.sendSignal`, as text. */
interface Sent {
  readonly data: { readonly value: string };
  readonly source: { readonly context: string };
}

async function pagesThrough(connection: BidiConnection): Promise<OpenPage> {
  const handlers = new Map<string, (signal: Signal) => Promise<void>>();
  await connection.subscribe('script.message', (params) => {
    const { data, source } = params as Sent;
    const lost = (error: unknown): void => console.warn('A signal was lost, maybe because the test ended:', error);
    handlers
      .get(source.context)?.(JSON.parse(data.value) as Signal)
      .catch(lost);
  });
  await connection.send('script.addPreloadScript', {
    functionDeclaration: '(send) => { window.sendSignal = (signal) => send(JSON.stringify(signal)); }',
    arguments: [{ type: 'channel', value: { channel: 'signals' } }],
  });
  return async (url, onSignal) => {
    const { context } = await connection.send<{ context: string }>('browsingContext.create', { type: 'tab' });
    handlers.set(context, onSignal);
    await connection.send('browsingContext.navigate', { context, url, wait: 'complete' });
    return { evaluate: (expression) => evaluate(connection, context, expression) };
  };
}

type Evaluated =
  | { readonly type: 'success'; readonly result: { readonly value?: string } }
  | { readonly type: 'exception'; readonly exceptionDetails: { readonly text: string } };

async function evaluate<Value>(connection: BidiConnection, context: string, expression: string): Promise<Value> {
  const evaluated = await connection.send<Evaluated>('script.evaluate', {
    expression: `Promise.resolve(${expression}).then((value) => JSON.stringify(value ?? null))`,
    target: { context },
    awaitPromise: true,
  });
  if (evaluated.type === 'exception') throw new Error(`${expression}: ${evaluated.exceptionDetails.text}`);
  return JSON.parse(evaluated.result.value ?? 'null') as Value;
}

/** Waits until no process is left. A browser that must be killed is a failure of its own. */
async function close(running: RunningProgram, connected: Promise<BidiConnection>): Promise<void> {
  const insist = setTimeout(() => running.signalGroup('SIGKILL'), closeTimeoutMs);
  // Whether it answers does not matter: how it ends does.
  await Promise.allSettled([connected.then((connection) => connection.send('browser.close', {}))]);
  const { code } = await running.end;
  clearTimeout(insist);
  if (code !== 0) throw new Error(`Firefox did not end by itself:\n${running.output}`);
}
