import { maxPasswordCharacters, minPasswordCharacters } from '../../../contract/admin/identity-limits.ts';
import { RequestRefused } from '../../request-failure.ts';

/**
 * Refuses a password that is too easy to guess, or too long to hash.
 * @throws RequestRefused `password_refused`
 */
export function checkPassword(password: string, username: string): void {
  const text = password.normalize('NFC');
  const characters = Array.from(text).length;
  if (characters < minPasswordCharacters) {
    throw refused(`A password has at least ${minPasswordCharacters} characters; this one has ${characters}.`);
  }
  if (characters > maxPasswordCharacters) {
    throw refused(`A password has at most ${maxPasswordCharacters} characters; this one has ${characters}.`);
  }
  if (text.toLowerCase() === username.normalize('NFC').toLowerCase()) {
    throw refused('The password is the username. Choose one that nobody guesses.');
  }
  if (new Set(text).size < 4) throw refused('The password repeats a few characters. Choose one that nobody guesses.');
}

function refused(detail: string): RequestRefused {
  return new RequestRefused('password_refused', detail);
}
