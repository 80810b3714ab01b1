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

/** What getStats says of a selected local candidate. */
export interface LocalCandidate {
  readonly candidateType?: string;
  readonly relayProtocol?: string;
}

/** One side of a call: a browser page that shows page/peer.html. */
export class CallPage {
  readonly #page: Page;

  constructor(page: Page) {
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
  async receiveSignal(signal: unknown): Promise<void> {
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

  /** The local candidates that the connection's transports use. */
  selectedLocalCandidates(): Promise<readonly LocalCandidate[]> {
    return this.#page.evaluate<LocalCandidate[]>('peer.selectedLocalCandidates()');
  }
}

/** Opens two pages whose signals reach one another. */
export async function openCallPages(browser: Browser): Promise<{ caller: CallPage; callee: CallPage }> {
  const names = ['peer.html', 'peer.js'];
  const texts = await Promise.all(names.map((name) => readFile(new URL(`page/${name}`, import.meta.url), 'utf8')));
  const origin = await servePages(new Map(names.map((name, index) => [name, texts[index] ?? ''])));
  const pages = [await browser.newPage(), await browser.newPage()] as const;
  const [caller, callee] = [new CallPage(pages[0]), new CallPage(pages[1])];
  await pages[0].exposeFunction('sendSignal', (signal: unknown) => callee.receiveSignal(signal));
  await pages[1].exposeFunction('sendSignal', (signal: unknown) => caller.receiveSignal(signal));
  for (const page of pages) await page.goto(`${origin}/peer.html`);
  return { caller, callee };
}
