/** Executions that making an input smaller may cost, and time: inputs that are slow are findings too. */
const budget = 3000;
const longestMs = 60_000;

/**
 * Makes an input smaller and plainer for as long as it `stillFails`: whole parts first, then single bytes, then bytes that
 * are not zero.
 */
export async function shrink(
  input: Uint8Array,
  stillFails: (candidate: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let best = input;
  let left = budget;
  const endMs = performance.now() + longestMs;
  const tryIt = async (candidate: Uint8Array): Promise<boolean> => {
    if (performance.now() > endMs) left = 0;
    if (left-- <= 0 || !(await stillFails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = Math.ceil(best.length / 2); size >= 1 && left > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && left > 0;) {
      const shorter = new Uint8Array(Buffer.concat([best.subarray(0, at), best.subarray(at + size)]));
      if (!(await tryIt(shorter))) at += size;
    }
  }
  for (let at = 0; at < best.length && left > 0; at++) {
    if (best[at] === 0) continue;
    const plainer = best.slice();
    plainer[at] = 0;
    await tryIt(plainer);
  }
  return best;
}
