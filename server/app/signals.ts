/** Signals that ask the process to end. */
const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** One Ctrl-C may arrive up to three times: from the terminal, and passed on by npm and the launcher. */
const repeatMs = 1_000;
const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that ends the process. */
export type StopSignal = (typeof stopSignals)[number];

/** What is done on signals. */
export interface StopHandlers {
  /** The first signal. */
  readonly drain: (signal: StopSignal) => void;
  /** A further one, more than a second later. `exitCode` is 128 + the signal's number. */
  readonly exitNow: (exitCode: number) => void;
}

/** Listens for signals to end; returns a function that stops listening. */
export function onStopSignals(handlers: StopHandlers, nowMs: () => number): () => void {
  let firstAtMs: number | undefined;
  const onSignal = (signal: StopSignal): void => {
    if (firstAtMs === undefined) {
      firstAtMs = nowMs();
      handlers.drain(signal);
    } else if (nowMs() - firstAtMs >= repeatMs) {
      handlers.exitNow(128 + signalNumbers[signal]);
    }
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
  return () => {
    for (const signal of stopSignals) process.off(signal, onSignal);
  };
}
