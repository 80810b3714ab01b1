import { version } from '../app/version.ts';
import type { Command } from './command.ts';
import { isOn } from './flags.ts';

/** `turnpike version`. */
export const versionCommand: Command = {
  name: 'version',
  summary: 'Print the versions of Turnpike and its runtime',
  examples: [
    ['turnpike version', 'what to quote in a report'],
    ['turnpike version --json', 'the same for machines'],
  ],
  notes: [],
  flags: [],
  async run({ flags, terminal }) {
    const { arch, platform, version: node } = process;
    terminal.stdout.write(
      isOn(flags, 'json')
        ? `${JSON.stringify({ version, node, platform, arch })}\n`
        : `turnpike ${version} (node ${node}, ${platform} ${arch})\n`,
    );
    return Promise.resolve(0);
  },
};
