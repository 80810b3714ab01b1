import { describe, expect, test } from 'vitest';
import { opaqueString } from '../../server/credentials/opaque-string.ts';

describe('RFC 8265 section 4.2: the OpaqueString profile', () => {
  test.each([
    ['section 4.3 example: ASCII is unchanged', 'correct horse battery staple', 'correct horse battery staple'],
    ['section 4.3 example: case is kept', 'Correct Horse Battery Staple', 'Correct Horse Battery Staple'],
    ['section 4.3 example: letters beyond ASCII', 'πßå', 'πßå'],
    ['section 4.3 example: symbols', 'Jack of ♦s', 'Jack of ♦s'],
    ['section 4.3 example: OGHAM SPACE MARK becomes SPACE', 'foo bar', 'foo bar'],
    ['4.2.2 rule 1: no width mapping', 'ＡＢＣ', 'ＡＢＣ'],
    ['4.2.2 rule 2: NO-BREAK SPACE and IDEOGRAPHIC SPACE become SPACE', 'a\u00a0b\u3000c', 'a b c'],
    ['4.2.2 rule 4: NFC composes', 'u\u0308', '\u00fc'],
    ['4.2.2 rule 4: NFC, not NFKC', 'ﬁ²', 'ﬁ²'],
    ['a space alone is not empty', ' ', ' '],
    ['leading and trailing spaces are kept', ' a ', ' a '],
    ['RFC 5769 2.4 username', 'マトリックス', 'マトリックス'],
    ['names are data', '__proto__', '__proto__'],
    ['beyond the Basic Multilingual Plane', '🔑', '🔑'],
    ['RFC 8264 9.6: exception that is allowed', '\u0f0b\u3007', '\u0f0b\u3007'],
    ['RFC 5892 A.1: ZWNJ after a virama', '\u0915\u094d\u200c\u0937', '\u0915\u094d\u200c\u0937'],
    ['RFC 5892 A.2: ZWJ after a virama', '\u0915\u094d\u200d\u0937', '\u0915\u094d\u200d\u0937'],
    ['RFC 5892 A.3: middle dot between two l', 'l·l', 'l·l'],
    ['RFC 5892 A.4: keraia before Greek', '\u0375\u03b1', '\u0375\u03b1'],
    ['RFC 5892 A.5: geresh after Hebrew', '\u05d0\u05f3', '\u05d0\u05f3'],
    ['RFC 5892 A.6: gershayim after Hebrew', '\u05d0\u05f4', '\u05d0\u05f4'],
    ['RFC 5892 A.7: middle dot among Katakana', 'ア・ア', 'ア・ア'],
    ['RFC 5892 A.8: Arabic-Indic digits', '\u0661\u0662', '\u0661\u0662'],
    ['RFC 5892 A.9: extended Arabic-Indic digits', '\u06f1\u06f2', '\u06f1\u06f2'],
  ])('%s', (_, text, expected) => {
    expect(opaqueString(text)).toBe(expected);
  });

  test.each([
    ['section 4.3 example: the empty string', ''],
    ['section 4.3 example: a tab is a control character', 'my cat is a \tby'],
    ['NUL', 'a\0'],
    ['newline', 'secret\n'],
    ['DELETE', 'a\u007f'],
    ['C1 control', 'a\u0085'],
    [
      'RFC 8264 9.13: SOFT HYPHEN is ignorable, the password of RFC 5769 2.4 before processing',
      'The\u00adM\u00aatr\u2168',
    ],
    ['RFC 8264 9.13: BYTE ORDER MARK', '\ufeffa'],
    ['RFC 8264 9.13: noncharacter', 'a\ufdd0'],
    ['unassigned', 'a\u0378'],
    ['private use', 'a\ue000'],
    ['a lone high surrogate', 'a\ud800'],
    ['a lone low surrogate', '\udc00a'],
    ['RFC 8264 9.9: old Hangul jamo', '\u1100'],
    ['RFC 8264 9.6: exception that is disallowed', '\u0640'],
    ['RFC 5892 A.1: ZWNJ without a virama', 'a\u200cb'],
    ['RFC 5892 A.2: ZWJ without a virama', '\u200db'],
    ['RFC 5892 A.3: middle dot elsewhere', 'l·a'],
    ['RFC 5892 A.4: keraia before Latin', '\u0375a'],
    ['RFC 5892 A.5: geresh after Latin', 'a\u05f3'],
    ['RFC 5892 A.7: Katakana middle dot among Latin', 'a・b'],
    ['RFC 5892 A.8: both sets of digits', '\u0661\u06f1'],
  ])('refuses %s', (_, text) => {
    expect(opaqueString(text)).toBeNull();
  });

  test('is idempotent on what it returns', () => {
    for (const text of ['foo\u1680bar', 'u\u0308\u00a0', 'マトリックス', 'l·l']) {
      const once = opaqueString(text);
      expect(once === null ? null : opaqueString(once)).toBe(once);
      expect(once).not.toBeNull();
    }
  });
});
