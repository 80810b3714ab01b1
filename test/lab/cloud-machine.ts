import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunningProgram } from '../startup/running-program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { Namespace } from './namespaces.ts';

/** `ip netns exec` gives each program mounts of its own, so that nobody else sees this. */
const showFirmware =
  'mount -t tmpfs none /sys && mkdir -p /sys/class/dmi && cp -r "$1" /sys/class/dmi/id && shift && exec "$@"';

/** What makes Node.js use a proxy for HTTP, here one that leads nowhere: nobody may ask it for metadata. */
const proxy = { NODE_USE_ENV_PROXY: '1', http_proxy: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' };

/** A namespace whose programs see the firmware of another machine, and are told to use a proxy. */
export class CloudMachine extends Namespace {
  readonly #firmware: string;

  /** @param fields the files of `/sys/class/dmi/id`, by name */
  constructor(namespace: Namespace, fields: Readonly<Record<string, string>>) {
    super(namespace.name);
    this.#firmware = tempDir();
    for (const [name, value] of Object.entries(fields)) writeFileSync(join(this.#firmware, name), `${value}\n`);
  }

  override start(args: readonly string[], env?: NodeJS.ProcessEnv): RunningProgram {
    const program = ['sh', '-c', showFirmware, 'sh', this.#firmware, process.execPath, ...args];
    return new RunningProgram('ip', ['netns', 'exec', this.name, ...program], {
      env: { ...process.env, ...proxy, ...env },
    });
  }
}
