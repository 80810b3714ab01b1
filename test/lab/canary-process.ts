/** A canary as a process, for a network of its own: writes a line of JSON for every datagram. */
import { openCanary } from './canary.ts';
import { report } from './report.ts';

await openCanary((text) => report({ event: 'datagram', text }));
report({ event: 'listening' });
