import type { LoadWithStored } from '../config/load.ts';
import type { LoadedConfig } from '../config/loaded-config.ts';
import { formatCidr } from '../stun/cidr.ts';
import { LogOutput } from '../telemetry/log-output.ts';
import { createLog } from '../telemetry/log.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Appliance } from './appliance.ts';
import type { ApplianceStarted } from './running-parts.ts';
import { onStopSignals } from './signals.ts';
import { renderSummary, type Summary } from './summary.ts';
import { version } from './version.ts';

/** Where a serving process writes. */
export interface ServeOutput {
  /** Log lines; and the summary, when it is a terminal. */
  readonly stdout: NodeJS.WriteStream;
  /** The summary, when `stdout` is read by a machine. */
  readonly stderr: NodeJS.WriteStream;
}

/**
 * Serves until a signal or a `drain` command has drained the appliance.
 * @param load the configuration, with what the database holds
 * @returns the exit code, 0
 * @throws EnvironmentError when the host does not give what the configuration asks for; nothing is left open then
 */
export async function serve(load: LoadWithStored, output: ServeOutput): Promise<number> {
  const loaded = load(new Map());
  const { resolved } = loaded;
  const { stdout, stderr } = output;
  const forPerson = stdout.isTTY;
  const format = resolved.log.format === 'auto' ? (forPerson ? 'text' : 'json') : resolved.log.format;
  const errors = new LogOutput(stderr, () => undefined);
  const lines = new LogOutput(stdout, (cause) =>
    errors.write(`turnpike: log lines are lost (${cause}); serving goes on.\n`),
  );
  const log = createLog({ level: resolved.log.level, format, sink: lines });
  const appliance = new Appliance({ config: resolved, load, log });
  // A signal may come at any time: while starting it is obeyed as soon as there is something to drain.
  const starting = Promise.withResolvers<void>();
  const stopListening = onStopSignals(
    {
      drain: (signal) => {
        log.info({ event: 'signal', signal }, `${signal}: draining; a second one exits at once`);
        void starting.promise.then(() => appliance.drain());
      },
      exitNow: (exitCode) => process.exit(exitCode),
    },
    () => performance.now(),
  );
  try {
    const started = await appliance.start();
    (forPerson ? lines : errors).write(renderSummary(summaryOf(loaded, started)));
    logStart(log, loaded, started);
    starting.resolve();
    await appliance.finished;
  } finally {
    stopListening();
  }
  return 0;
}

function summaryOf(loaded: LoadedConfig, started: ApplianceStarted): Summary {
  const { turn } = loaded.resolved;
  return {
    ...started,
    version,
    configFile: loaded.file,
    realm: turn.realm,
    relayPorts: turn.relayPorts,
    allowedPeers: turn.peers.allow.map(formatCidr),
    warnings: [...loaded.warnings, ...started.warnings],
  };
}

function logStart(log: Logger, loaded: LoadedConfig, started: ApplianceStarted): void {
  for (const warning of [...loaded.warnings, ...started.warnings]) log.warn({ event: 'config_warning' }, warning);
  log.info(
    {
      event: 'ready',
      version,
      turn: started.listeners.map((listener) => ({ transport: listener.transport, port: listener.address.port })),
      publicAddress: started.publicAddress,
      urls: [...started.urls.stun, ...started.urls.turn],
      http: started.publicUrl,
      admin: started.adminUrl,
      certificate: started.certificate,
      engine: started.engine,
      dataDir: started.dataDir,
      config: loaded.file,
    },
    'ready',
  );
}
