/**
 * The candidate that a mistyped word most likely stands for, or undefined when none is near: at most two edits (insertion, deletion,
 * substitution, transposition), and no more than a third of the word. Letter case and separators do not count.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(word);
  const allowed = Math.min(2, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestEdits = allowed + 1;
  for (const candidate of candidates) {
    const edits = editDistance(wanted, plain(candidate), bestEdits);
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits];
  }
  return best;
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_.\s]/g, '');
}

/** The number of edits between two words (optimal string alignment); anything from `limit` on is as good as `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, (beforePrevious[j - 2] ?? 0) + 1);
      }
      row.push(edits);
    }
    [beforePrevious, previous] = [previous, row];
  }
  return previous[b.length] ?? limit;
}
