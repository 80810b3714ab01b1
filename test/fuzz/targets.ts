import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LoadableTarget } from './engine/target.ts';

const root = path.join(import.meta.dirname, '../..');

/** A path below the project, as a URL or as it is, from its beginning. */
function below(...directories: readonly string[]): RegExp {
  const literals = directories.map((directory) => directory.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const starts = [root, pathToFileURL(root).href].map((start) => start.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^(?:${starts.join('|')})/(?:${literals.join('|')})/`);
}

const server = below('server');

/** Everything that is fuzzed (SECURITY.md 16), by name. */
export const fuzzTargets: ReadonlyMap<string, LoadableTarget> = new Map([
  ['stun-decoder', { covers: server, load: async () => (await import('./targets/stun-decoder.ts')).stunDecoder }],
  ['stream-framing', { covers: server, load: async () => (await import('./targets/stream-framing.ts')).streamFraming }],
  ['media-frames', { covers: server, load: async () => (await import('./targets/media-frames.ts')).mediaFrames }],
  ['turn-machine', { covers: server, load: async () => (await import('./targets/turn-machine.ts')).turnMachine }],
  ['turn-model', { covers: server, load: async () => (await import('./targets/turn-model.ts')).turnModel }],
  [
    'control-request',
    { covers: server, load: async () => (await import('./targets/control-request.ts')).controlRequest },
  ],
  [
    'config-parser',
    {
      // What the library for YAML does with a text is part of what a text can do.
      covers: below('server', 'node_modules/yaml'),
      load: async () => (await import('./targets/config-parser.ts')).configParser,
    },
  ],
]);
