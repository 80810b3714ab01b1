/**
 * The module that a relay thread runs: the TypeScript source in the repository, the compiled file in a package.
 * The one place that knows which.
 */
export const relayWorkerEntry: URL = new URL(
  import.meta.url.endsWith('.ts') ? './relay-worker.ts' : './relay-worker.js',
  import.meta.url,
);
