/** A process that does nothing but keep a CPU busy: the load beside which the bare forwarder is measured. */
import { saturateThisThread } from './busy-work.ts';

console.log(JSON.stringify({ event: 'ready' }));
saturateThisThread();
