/** Controls, among them what moves a terminal's cursor, and the marks that turn the direction of writing. */
const effects = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A text that strangers may have chosen, with what would act on a terminal shown as its code: `\u{1b}`. */
export function harmless(text: string): string {
  return text.replace(effects, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
