import type { ContestantName } from '../options.ts';
import { bareC } from './bare-c.ts';
import { bareNode } from './bare-node.ts';
import { bareStream } from './bare-stream.ts';
import type { Contestant } from './contestant.ts';
import { coturn } from './coturn.ts';
import { nodeTurn } from './node-turn.ts';
import { turnpike } from './turnpike.ts';

const all: Readonly<Record<ContestantName, Contestant>> = {
  turnpike,
  'bare-node': bareNode,
  'bare-stream': bareStream,
  'bare-c': bareC,
  coturn,
  'node-turn': nodeTurn,
};

/** What a table calls a contestant. */
export function labelOf(name: ContestantName): string {
  return all[name].label;
}

/** Those of the named contestants that can take part here. Says why others cannot. */
export async function availableContestants(
  names: readonly ContestantName[],
  note: (line: string) => void,
): Promise<Contestant[]> {
  const available: Contestant[] = [];
  for (const name of names) {
    const reason = await all[name].unavailable();
    if (reason === null) available.push(all[name]);
    else note(`without ${all[name].label}: ${reason}`);
  }
  return available;
}
