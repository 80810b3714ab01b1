import { runLoad } from '../load.ts';
import type { ContestantName } from '../options.ts';
import { inRounds, loadTarget, withEntrants, type ScenarioContext } from './scenario.ts';

/** One contestant answering Binding requests as fast as it can. */
export interface BindingSample {
  readonly contestant: ContestantName;
  readonly round: number;
  readonly answersPerSecond: number;
  readonly cpuUsPerAnswer: number;
  readonly answerBytes: number;
}

const sockets = 16;
const outstandingPerSocket = 8;

/** Binding requests without pause, a fixed number under way. Reported; no budget. */
export async function measureBinding(context: ScenarioContext): Promise<BindingSample[]> {
  const contestants = context.contestants.filter(({ topology }) => topology === 'turn');
  context.say('binding: as many as are answered');
  return withEntrants(context, contestants, (entrants) =>
    inRounds(context, entrants, async (entrant, round) => {
      const result = await runLoad(context.place.programs, 'binding', {
        ...loadTarget(context, entrant),
        clients: sockets,
        outstanding: outstandingPerSocket,
        'warmup-ms': context.options.warmupMs,
        'window-ms': Math.min(context.options.windowMs, 3000),
      });
      if (result.answered === 0) throw new Error('no Binding request was answered');
      return {
        contestant: entrant.contestant.name,
        round,
        answersPerSecond: result.answered / result.seconds,
        cpuUsPerAnswer: result.cpu.processNs / result.answered / 1000,
        answerBytes: result.answerBytes,
      };
    }),
  );
}
