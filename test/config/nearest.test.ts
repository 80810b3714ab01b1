import { expect, test } from 'vitest';
import { nearest } from '../../server/config/nearest.ts';

const words = ['realm', 'listen', 'relayPorts', 'relayAddress', 'users', 'secrets', 'serve', 'ice', 'drain'];

test.each([
  ['the word itself', 'realm', 'realm'],
  ['a letter left out', 'relm', 'realm'],
  ['a letter too many', 'reallm', 'realm'],
  ['another letter', 'reolm', 'realm'],
  ['two letters swapped', 'lisetn', 'listen'],
  ['kebab case', 'relay-ports', 'relayPorts'],
  ['upper case', 'RELAY_PORTS', 'relayPorts'],
  ['two edits in a longer word', 'relaAdress', 'relayAddress'],
  ['the nearest of several', 'userss', 'users'],
  ['a short word is not stretched', 'ix', undefined],
  ['nothing near', 'signaling', undefined],
  ['an empty word', '', undefined],
])('%s', (_, word, expected) => {
  expect(nearest(word, words)).toBe(expected);
});
