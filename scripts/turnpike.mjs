#!/usr/bin/env node
// `npx turnpike ...` in a clone: the command line, run by the pinned Node.js.
process.argv.splice(2, 0, 'cli');
await import('./bootstrap.mjs');
