/** How long a turn of the event loop is held up at a time. */
const heldUpMs = 50;

/**
 * Keeps the calling thread wholly busy from now on, as an application does that parses and serialises without pause:
 * it computes, allocates and collects garbage, and its event loop turns only now and then.
 */
export function saturateThisThread(): void {
  const document = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [`key-${index}`, { index, text: 'x'.repeat(index % 50) }]),
  );
  const turn = (): void => {
    const untilMs = performance.now() + heldUpMs;
    while (performance.now() < untilMs) JSON.parse(JSON.stringify(document));
    setImmediate(turn);
  };
  turn();
}
