import { describe, expect, test } from 'vitest';
import { EngineUnavailableError, selectEngine } from '../../server/relay/engine.ts';

describe('DESIGN 5: turn.engine', () => {
  test.each([
    ['auto', 'js'],
    ['js', 'js'],
  ] as const)('%s runs %s', (choice, engine) => {
    expect(selectEngine(choice)).toBe(engine);
  });

  test('an engine that does not run here is an error that names key, value and remedy, and never another engine', () => {
    let caught: unknown;
    try {
      selectEngine('native');
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(EngineUnavailableError);
    expect(caught).toMatchObject({ code: 'engine_unavailable', engine: 'native' });
    expect((caught as Error).message).toMatch(/turn\.engine is "native".*set turn\.engine to auto or js/);
  });
});
