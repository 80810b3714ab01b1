import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Leg } from './leg.ts';
import { soakLoad, type Callers, type SoakContext } from './soak-load.ts';
import { systemCode } from './soak-wire.ts';

/** Media that has not arrived after this time on loopback is lost. */
const settleMs = 2000;

/** A call of two clients from their arrival to their end, with or without a farewell. Never rejects: what fails is counted. */
export async function placeCall(context: SoakContext, callers: Callers): Promise<void> {
  const { counts } = context.census;
  const lifeMs = randomInt(soakLoad.shortestLifeMs, soakLoad.longestLifeMs);
  const caller = (): Leg => new Leg(context, callers.next(lifeMs + settleMs, Date.now()));
  const legs = [caller(), caller()] as const;
  counts.live += legs.length;
  for (const leg of legs) counts.arrived[leg.caller.transport] += 1;
  try {
    await hold(context, legs, lifeMs);
  } catch (error) {
    context.census.fail(`a call: ${systemCode(error)}`);
  } finally {
    for (const leg of legs) leg.leave('fin');
    counts.live -= legs.length;
  }
}

async function hold(context: SoakContext, legs: readonly [Leg, Leg], lifeMs: number): Promise<void> {
  const [first, second] = legs;
  const joined = await Promise.all(legs.map((leg) => leg.join()));
  if (joined.includes(false)) return;
  const reached = await Promise.all([first.reach(second), second.reach(first)]);
  if (reached.includes(false)) return;
  const vanishes = randomInt(soakLoad.oneVanishesIn) === 0;
  await Promise.all([
    vanishes ? vanish(context, first, lifeMs / 2) : talk(context, first, second, lifeMs),
    talk(context, second, first, lifeMs),
  ]);
  await delay(settleMs);
  countMedia(context, legs, vanishes);
  await Promise.all((vanishes ? [second] : legs).map((leg) => sayGoodbye(context, leg)));
}

/** Sends media for so long, and in the middle renews all that expires. */
async function talk(context: SoakContext, leg: Leg, other: Leg, lifeMs: number): Promise<void> {
  const beganMs = performance.now();
  const left = (): number => beganMs + lifeMs - performance.now();
  while (left() > lifeMs / 2 && !context.isEnding()) await talkOnce(leg);
  if (randomInt(4) === 0) leg.changeNonce();
  await leg.refresh();
  await leg.reach(other);
  while (left() > 0 && !context.isEnding()) await talkOnce(leg);
}

async function talkOnce(leg: Leg): Promise<void> {
  leg.sendMedia();
  await delay(soakLoad.mediaEveryMs);
}

/** Leaves in the middle, with media under way in both directions. */
async function vanish(context: SoakContext, leg: Leg, afterMs: number): Promise<void> {
  const endMs = performance.now() + afterMs;
  while (performance.now() < endMs && !context.isEnding()) await talkOnce(leg);
  leg.sendMedia();
  leg.leave(randomInt(2) === 0 ? 'fin' : 'rst');
  context.census.counts.vanished += 1;
}

/** Of a call that lost a client, only what the other one has from its peer can be told from what was lost with it. */
function countMedia(
  { census: { counts } }: SoakContext,
  [first, second]: readonly [Leg, Leg],
  vanished: boolean,
): void {
  const paths = [
    second.echo,
    second.indications,
    ...(vanished ? [] : [first.echo, first.indications]),
    ...(vanished ? [] : [crossed(first, second), crossed(second, first)]),
  ];
  for (const { sent, received } of paths) {
    counts.mediaSent += sent;
    counts.mediaReceived += received;
  }
}

function crossed(from: Leg, to: Leg): { readonly sent: number; readonly received: number } {
  return { sent: from.partner.sent, received: to.partner.received };
}

async function sayGoodbye({ census }: SoakContext, leg: Leg): Promise<void> {
  await leg.release();
  if (randomInt(8) === 0) await leg.comeBack();
  leg.leave('fin');
  census.counts.released += 1;
}
