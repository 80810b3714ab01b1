import { describe, expect, test } from 'vitest';
import { parseBitsPerSecond, parseBytes, parseCount, parseDurationS } from '../../server/cli/quantity.ts';

describe('time spans', () => {
  test.each([
    ['90s', 90],
    ['15m', 900],
    ['24h', 86_400],
    ['30d', 2_592_000],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDurationS(text, '--for')).toBe(seconds);
  });

  test.each(['', '0s', '24', '24 h', '1.5h', '-1h', '1w', '24H', 'h', '1h30m', '9999999999d'])(
    '"%s" is none',
    (text) => {
      expect(() => parseDurationS(text, '--for')).toThrow(
        `--for "${text}" is no time span. Write a number and its unit: 90s, 15m, 24h or 30d.`,
      );
    },
  );
});

describe('sizes', () => {
  test.each([
    ['0', 0],
    ['1500', 1_500],
    ['500M', 500_000_000],
    ['500MB', 500_000_000],
    ['2.5T', 2_500_000_000_000],
    ['64Gi', 68_719_476_736],
    ['1kB', 1_000],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseBytes(text, '--bytes-per-month')).toBe(bytes);
  });

  test.each(['', 'M', '-1', '1e9', '500 M', '1K', '9999999999999T', '1.2345G', 'Infinity'])('"%s" is none', (text) => {
    expect(() => parseBytes(text, '--bytes-per-month')).toThrow(
      'is no size. Write bytes, or a number with k, M, G or T',
    );
  });
});

describe('bit rates', () => {
  test.each([
    ['8M', 8_000_000],
    ['500k', 500_000],
    ['1.5G', 1_500_000_000],
    ['64000', 64_000],
    ['0', 0],
  ])('%s is %d bits a second', (text, rate) => {
    expect(parseBitsPerSecond(text, '--bitrate')).toBe(rate);
  });

  test.each(['8m', '8Mbit', '8MB', '', '1T', '8Mi'])('"%s" is none', (text) => {
    expect(() => parseBitsPerSecond(text, '--bitrate')).toThrow('is no bit rate. Write bits a second');
  });
});

test.each([
  ['0', 0, 0],
  ['12', 1, 12],
])('%s is a count from %d on', (text, least, count) => {
  expect(parseCount(text, '--limit', least)).toBe(count);
});

test.each([
  ['0', 1],
  ['-1', 0],
  ['1.5', 0],
  ['1e3', 0],
  ['', 0],
])('"%s" is no count from %d on', (text, least) => {
  expect(() => parseCount(text, '--limit', least)).toThrow(`is no whole number from ${least} on`);
});
