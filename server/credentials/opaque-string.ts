/** Code points that RFC 5892 section 2.6 allows whatever their general category. */
const exceptionsAllowed = /^[\u00df\u03c2\u06fd\u06fe\u0f0b\u3007]$/u;
/** Code points that RFC 5892 section 2.6 disallows whatever their general category. */
const exceptionsDisallowed = /^[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]$/u;
/** OldHangulJamo (RFC 8264 section 9.9): Hangul_Syllable_Type L, V or T. */
const oldHangulJamo = /^[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7c6\ud7cb-\ud7fb]$/u;
/** PrecisIgnorableProperties (RFC 8264 section 9.13). */
const ignorable = /^[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]$/u;
/** LetterDigits, OtherLetterDigits, Spaces, Symbols and Punctuation (RFC 8264 sections 9.1, 9.14 to 9.18). */
const freeformCategories = /^[\p{L}\p{M}\p{N}\p{Zs}\p{S}\p{P}]$/u;
/** Signs with Canonical_Combining_Class Virama, after which a joiner is allowed (RFC 5892 appendices A.1 and A.2). */
const virama =
  /^[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d3b\u0d3c\u0d4d\u0dca\u0e3a\u0eba\u0f84\u1039\u103a\u1714\u1715\u1734\u17d2\u1a60\u1b44\u1baa\u1bab\u1bf2\u1bf3\u2d7f\ua806\ua82c\ua8c4\ua953\ua9c0\uaaf6\uabed\u{10a3f}\u{11046}\u{11070}\u{1107f}\u{110b9}\u{11133}\u{11134}\u{111c0}\u{11235}\u{112ea}\u{1134d}\u{11442}\u{114c2}\u{115bf}\u{1163f}\u{116b6}\u{1172b}\u{11839}\u{1193d}\u{1193e}\u{119e0}\u{11a34}\u{11a47}\u{11a99}\u{11c3f}\u{11d44}\u{11d45}\u{11d97}\u{11f41}\u{11f42}]$/u;
const printableAscii = /^[ -~]+$/;

/**
 * The string as the OpaqueString profile enforces it (RFC 8265 section 4.2.2), or null when the profile does not allow it:
 * empty, a lone surrogate, a control character, an unassigned or ignorable one, or one out of the context it needs.
 *
 * JavaScript does not know the property Joining_Type, so ZERO WIDTH NON-JOINER is allowed after a virama only, not between
 * joining letters (the second half of RFC 5892 appendix A.1): strings of that rare kind are refused rather than let through.
 */
export function opaqueString(text: string): string | null {
  if (printableAscii.test(text)) return text;
  const codePoints = Array.from(text);
  if (!codePoints.every((codePoint, index) => isFreeform(codePoint, codePoints, index))) return null;
  const enforced = text.replace(/\p{Zs}/gu, ' ').normalize('NFC');
  return enforced === '' ? null : enforced;
}

/** The FreeformClass by the algorithm of RFC 8264 section 8, in its order. */
function isFreeform(codePoint: string, all: readonly string[], index: number): boolean {
  if (exceptionsAllowed.test(codePoint)) return true;
  if (exceptionsDisallowed.test(codePoint)) return false;
  const inContext = contextRule(codePoint, all, index);
  if (inContext !== undefined) return inContext;
  if (printableAscii.test(codePoint)) return true;
  if (oldHangulJamo.test(codePoint) || ignorable.test(codePoint)) return false;
  // HasCompat (section 9.17) needs no step of its own: every such character is of one of these categories.
  return freeformCategories.test(codePoint);
}

/** The contextual rules of RFC 5892 appendix A; undefined for a code point that has none. */
function contextRule(codePoint: string, all: readonly string[], index: number): boolean | undefined {
  const before = all[index - 1] ?? '';
  const after = all[index + 1] ?? '';
  switch (codePoint) {
    case '\u200c': // A.1 ZERO WIDTH NON-JOINER
    case '\u200d': // A.2 ZERO WIDTH JOINER
      return virama.test(before);
    case '\u00b7': // A.3 MIDDLE DOT
      return before === 'l' && after === 'l';
    case '\u0375': // A.4 GREEK LOWER NUMERAL SIGN
      return /^\p{Script=Greek}$/u.test(after);
    case '\u05f3': // A.5 HEBREW PUNCTUATION GERESH
    case '\u05f4': // A.6 HEBREW PUNCTUATION GERSHAYIM
      return /^\p{Script=Hebrew}$/u.test(before);
    case '\u30fb': // A.7 KATAKANA MIDDLE DOT
      return all.some((other) => /^[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]$/u.test(other));
    default:
      // A.8 and A.9: the two sets of Arabic-Indic digits do not mix.
      if (/^[\u0660-\u0669]$/u.test(codePoint)) return !all.some((other) => /^[\u06f0-\u06f9]$/u.test(other));
      if (/^[\u06f0-\u06f9]$/u.test(codePoint)) return !all.some((other) => /^[\u0660-\u0669]$/u.test(other));
      return undefined;
  }
}
