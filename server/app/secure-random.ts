import { randomFillSync } from 'node:crypto';

/** A source of random 32-bit words that asks the system for 1024 at a time. */
export function secureRandomUint32(): () => number {
  const words = new Uint32Array(1024);
  let used = words.length;
  return () => {
    if (used === words.length) {
      randomFillSync(words);
      used = 0;
    }
    const word = words[used] ?? 0;
    words[used] = 0;
    used += 1;
    return word;
  };
}
