/** What `turn.engine` may ask for; `auto` takes the fastest plane that runs here. */
export type EngineChoice = 'auto' | 'js';

/** A plane that runs here. */
export type Engine = Exclude<EngineChoice, 'auto'>;

/** Resolves `turn.engine`. */
export function selectEngine(choice: EngineChoice): Engine {
  return choice === 'auto' ? 'js' : choice;
}
