import { createSocket } from 'node:dgram';
import { openCanary } from './canary.ts';
import { canaryPort } from './lab-addresses.ts';
import { report } from './report.ts';

const fence = 'fence';

/**
 * A canary for what the server sends to its own host: reports every datagram.
 * @returns a function that resolves when all that was sent before it was called has been reported
 */
export async function openLocalCanary(): Promise<() => Promise<void>> {
  const fences = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let fencesSeen = 0;
  await openCanary((text) => {
    if (text === fence) fences[fencesSeen++]?.resolve();
    else report({ event: 'datagram', text });
  });
  return async () => {
    createSocket('udp4').send(fence, canaryPort, '127.0.0.1');
    createSocket('udp6').send(fence, canaryPort, '::1');
    await Promise.all(fences.map(({ promise }) => promise));
  };
}
