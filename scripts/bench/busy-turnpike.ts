/**
 * Turnpike embedded in a program whose main thread is saturated.
 *   node busy-turnpike.ts <port on 127.0.0.1> <scratch directory>
 */
import { Appliance } from '../../server/app/appliance.ts';
import { loadConfig } from '../../server/config/load.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { saturateThisThread } from './busy-work.ts';
import { writeBenchConfig } from './contestants/turnpike.ts';

const [port, scratchDirectory = ''] = process.argv.slice(2);
const { resolved } = await loadConfig({
  flags: new Map(),
  environment: {},
  cwd: scratchDirectory,
  configFile: await writeBenchConfig(scratchDirectory, { port: Number(port) }),
});
const log = createLog({ level: 'warn', format: 'json', sink: process.stderr });
await new Appliance({ config: resolved, log }).start();
console.log(JSON.stringify({ event: 'ready' }));
saturateThisThread();
