/** What `turn.engine` may ask for; `auto` takes the fastest plane that runs here. */
export type EngineChoice = 'auto' | 'js' | 'native';

/** A plane that runs here. */
export type Engine = 'js';

/** The engine that was asked for by name does not run here. */
export class EngineUnavailableError extends Error {
  readonly code = 'engine_unavailable';
  /** The engine that was asked for. */
  readonly engine: EngineChoice;

  constructor(engine: EngineChoice) {
    super(
      `turn.engine is "${engine}", but this build has no ${engine} forwarding plane; set turn.engine to auto or js`,
    );
    this.name = 'EngineUnavailableError';
    this.engine = engine;
  }
}

/** Resolves `turn.engine`. Throws `EngineUnavailableError` rather than running another engine than the one asked for. */
export function selectEngine(choice: EngineChoice): Engine {
  switch (choice) {
    case 'auto':
    case 'js':
      return 'js';
    case 'native':
      throw new EngineUnavailableError(choice);
  }
}
