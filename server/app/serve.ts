import type { LoadedConfig } from '../config/loaded-config.ts';
import { formatCidr } from '../stun/cidr.ts';
import { createLog, type Logger } from '../telemetry/log.ts';
import { Appliance, type ApplianceStarted } from './appliance.ts';
import { onStopSignals } from './signals.ts';
import { renderSummary } from './summary.ts';
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
 * @returns the exit code, 0
 * @throws EnvironmentError when the host does not give what the configuration asks for; nothing is left open then
 */
export async function serve(loaded: LoadedConfig, output: ServeOutput): Promise<number> {
  const { resolved } = loaded;
  const forPerson = output.stdout.isTTY;
  const format = resolved.log.format === 'auto' ? (forPerson ? 'text' : 'json') : resolved.log.format;
  const log = createLog({ level: resolved.log.level, format, sink: output.stdout });
  const appliance = new Appliance({ config: resolved, log });
  const started = await appliance.start();
  const stopListening = onStopSignals(
    {
      drain: (signal) => {
        log.info({ event: 'signal', signal }, `${signal}: draining; a second one exits at once`);
        void appliance.drain();
      },
      exitNow: (exitCode) => process.exit(exitCode),
    },
    () => performance.now(),
  );
  (forPerson ? output.stdout : output.stderr).write(renderSummary(summaryOf(loaded, started)));
  logStart(log, loaded, started);
  await appliance.finished;
  stopListening();
  return 0;
}

function summaryOf(loaded: LoadedConfig, started: ApplianceStarted): Parameters<typeof renderSummary>[0] {
  const { turn } = loaded.resolved;
  return {
    version,
    configFile: loaded.file,
    dataDir: started.dataDir,
    engine: started.engine,
    listeners: started.listeners,
    publicUrl: started.publicUrl,
    urls: started.urls,
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
      urls: [...started.urls.stun, ...started.urls.turn],
      http: started.publicUrl,
      engine: started.engine,
      dataDir: started.dataDir,
      config: loaded.file,
    },
    'ready',
  );
}
