import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import type { IceServer } from './appliance-process.ts';
import { servePages } from './static-pages.ts';

/** What a byte sequence is known by. */
interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

/** What an echo test sent and got back. */
export interface EchoReport {
  readonly sent: Digest;
  readonly back: Digest;
  readonly identical: boolean;
}

/** What getStats says of a selected candidate pair. */
export interface SelectedPair {
  readonly local: { readonly candidateType?: string; readonly relayProtocol?: string };
  readonly remote: { readonly candidateType?: string };
}

/** The relays that a browser got, by what it reached them, and what it could not reach. */
export interface Gathered {
  readonly relayProtocols: readonly string[];
  readonly errorCodes: readonly number[];
}

/** A page that runs what it is told to. */
export interface ScriptedPage {
  /** The value of a JavaScript expression, awaited, as JSON carries it. */
  evaluate<Value>(expression: string): Promise<Value>;
}

/** What the sides of a call tell one another, in the order of page/peer.js. */
export type Signal =
  | { readonly description: { readonly type: 'offer' | 'answer'; readonly sdp: string } }
  | { readonly candidate: { readonly candidate: string; readonly sdpMid: string } };

/** Shows a page of a browser, with a function `window.sendSignal` that calls `onSignal`. */
export type OpenPage = (url: string, onSignal: (signal: Signal) => Promise<void>) => Promise<ScriptedPage>;

/** One side of a call: a browser page that shows page/peer.html. */
export class CallPage {
  readonly #page: ScriptedPage;

  constructor(page: ScriptedPage) {
    this.#page = page;
  }

  /** Waits for the other side's offer. */
  async answer(iceServers: readonly IceServer[]): Promise<void> {
    await this.#page.evaluate(`peer.answer(${JSON.stringify(iceServers)})`);
  }

  /** Offers a data channel and a camera. */
  async call(iceServers: readonly IceServer[]): Promise<void> {
    await this.#page.evaluate(`peer.call(${JSON.stringify(iceServers)})`);
  }

  /** Hands over what the other side signalled. */
  async receiveSignal(signal: Signal): Promise<void> {
    await this.#page.evaluate(`peer.receiveSignal(${JSON.stringify(signal)})`);
  }

  /** Sends this many random bytes to the other side and back. */
  echo(totalBytes: number): Promise<EchoReport> {
    return this.#page.evaluate<EchoReport>(`peer.echo(${totalBytes})`);
  }

  /** Frames of the other side's camera that were decoded so far. */
  framesDecoded(): Promise<number> {
    return this.#page.evaluate<number>('peer.framesDecoded()');
  }

  /** Gathers relays alone with these servers, beside any call. */
  gather(iceServers: readonly IceServer[]): Promise<Gathered> {
    return this.#page.evaluate<Gathered>(`peer.gather(${JSON.stringify(iceServers)})`);
  }

  /** The candidate pairs that the connection's transports use. */
  selectedPairs(): Promise<readonly SelectedPair[]> {
    return this.#page.evaluate<SelectedPair[]>('peer.selectedPairs()');
  }

  /**
   * The local candidates of these pairs. Both ends' say all of a call: a remote candidate is seen as peer-reflexive when
   * its checks are faster than its signal, since a permission is for every port of an address.
   */
  async selectedLocalCandidates(): Promise<readonly SelectedPair['local'][]> {
    return (await this.selectedPairs()).map(({ local }) => local);
  }
}

/** The two sides of a call. */
export interface CallPages {
  readonly caller: CallPage;
  readonly callee: CallPage;
}

/**
 * Opens two pages whose signals reach one another.
 * @param carried - what arrives in place of a signal
 */
export async function openCallPages(
  openers: readonly [caller: OpenPage, callee: OpenPage],
  carried?: (signal: Signal) => Promise<readonly Signal[]>,
): Promise<CallPages> {
  const origin = await servePages(await pageFiles());
  return openPages(`${origin}/peer.html`, openers, carried);
}

/** The same in browsers that reach no server of this test, nor one another: pages and signals go through their pipes. */
export async function openCallPagesApart(browsers: readonly [caller: Browser, callee: Browser]): Promise<CallPages> {
  const files = await pageFiles();
  // Nobody resolves this name; https makes it a secure context, so that cameras work.
  const origin = 'https://call.invalid';
  const fulfil = async (page: Page): Promise<void> => {
    for (const [name, body] of files) {
      const contentType = name.endsWith('.js') ? 'text/javascript' : 'text/html';
      await page.route(`${origin}/${name}`, (route) => route.fulfill({ body, contentType }));
    }
  };
  return openPages(`${origin}/peer.html`, [pagesOf(browsers[0], fulfil), pagesOf(browsers[1], fulfil)]);
}

/** Opens pages in a browser that Playwright drives. */
export function pagesOf(browser: Browser, prepare: (page: Page) => Promise<void> = () => Promise.resolve()): OpenPage {
  return async (url, onSignal) => {
    const page = await browser.newPage();
    await page.exposeFunction('sendSignal', onSignal);
    await prepare(page);
    await page.goto(url);
    return page;
  };
}

async function pageFiles(): Promise<ReadonlyMap<string, string>> {
  const names = ['peer.html', 'peer.js'];
  const texts = await Promise.all(names.map((name) => readFile(new URL(`page/${name}`, import.meta.url), 'utf8')));
  return new Map(names.map((name, index) => [name, texts[index] ?? '']));
}

async function openPages(
  url: string,
  openers: readonly [caller: OpenPage, callee: OpenPage],
  carried: (signal: Signal) => Promise<readonly Signal[]> = (signal) => Promise.resolve([signal]),
): Promise<CallPages> {
  const { promise: sides, resolve } = Promise.withResolvers<CallPages>();
  const carryTo = (side: keyof CallPages) => async (signal: Signal) => {
    for (const each of await carried(signal)) await (await sides)[side].receiveSignal(each);
  };
  const caller = new CallPage(await openers[0](url, carryTo('callee')));
  const callee = new CallPage(await openers[1](url, carryTo('caller')));
  resolve({ caller, callee });
  return sides;
}
