import { describe, expect, test } from 'vitest';
import { createLog } from '../../server/telemetry/log.ts';

/** What an event with these fields writes. */
function written(format: 'json' | 'text', fields: Readonly<Record<string, unknown>>, message?: string): string {
  const lines: string[] = [];
  const log = createLog({ level: 'info', format, sink: { write: (line) => void lines.push(line) } });
  log.warn({ event: 'refused', ...fields }, message);
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

describe('text', () => {
  test('one line an event: time, level, message, fields', () => {
    const line = written(
      'text',
      { client: '[2001:db8::1]:3478', attempts: 2, relays: ['a'], peer: null },
      'no such user',
    );
    expect(line).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} WARN {2}no such user client=\[2001:db8::1\]:3478 attempts=2 relays=\["a"\] peer=null\n$/,
    );
  });

  test('an event without a message is named', () => {
    expect(written('text', {})).toMatch(/ WARN {2}refused\n$/);
  });
});

describe('SECURITY.md 7: names are data, and in text a stranger’s name is inert', () => {
  test.each([
    ['a plain name', 'alice', 'alice'],
    [
      'every character that stands for itself',
      "!#$%&'()*+,-./09:;<>?@AZ[\\]^_`az{|}~",
      "!#$%&'()*+,-./09:;<>?@AZ[\\]^_`az{|}~",
    ],
    ['nothing', '', '""'],
    ['a space', 'alice event=ready', '"alice event=ready"'],
    ['a field', 'a=b', '"a=b"'],
    ['a quote', 'a"b', '"a\\"b"'],
    ['a new line', 'a\n12:00:00.000 INFO', '"a\\n12:00:00.000 INFO"'],
    ['NUL', 'a\0', '"a\\u0000"'],
    ['an escape sequence', '\u001b[2Jalice', '"\\u001b[2Jalice"'],
    ['DEL', 'a\u007f', '"a\\u007f"'],
    ['a C1 control sequence introducer', '\u009b31malice', '"\\u009b31malice"'],
    ['the ends of C1', '\u0080\u009f', '"\\u0080\\u009f"'],
    ['a bidirectional override', 'a\u202eb', '"a\\u202eb"'],
    ['a bidirectional isolate', 'a\u2066b', '"a\\u2066b"'],
    ['a zero width joiner', 'a\u200db', '"a\\u200db"'],
    ['a soft hyphen', 'a\u00adb', '"a\\u00adb"'],
    ['a line separator', 'a\u2028b', '"a\\u2028b"'],
    ['a paragraph separator', 'a\u2029b', '"a\\u2029b"'],
    ['half a surrogate pair', 'a\ud800', '"a\\ud800"'],
    ['a private character', 'a\ue000', '"a\\ue000"'],
    ['a tag beyond the basic plane', 'a\u{e0041}', '"a\\udb40\\udc41"'],
    ['letters of other scripts', 'Zoë 李', '"Zoë 李"'],
  ])('%s', (_, username, shown) => {
    expect(written('text', { username }, 'm')).toMatch(/ m username=.*\n$/s);
    expect(written('text', { username }, 'm').split(' m username=')[1]).toBe(`${shown}\n`);
  });

  test('within a list, an object or the message too', () => {
    const line = written('text', { names: ['\u009b1m'], inside: { name: 'a\u202e' } }, 'm\u001b[2J\nx');
    expect(line).toContain(' WARN  m\\u001b[2J\\u000ax names=["\\u009b1m"] inside={"name":"a\\u202e"}\n');
  });
});

test('JSON lines read back as they were written', () => {
  const username = 'a"\u001b\u202e\n';
  expect(JSON.parse(written('json', { username }, 'm'))).toMatchObject({ event: 'refused', level: 'warn', username });
});
