import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { durationPattern, formatDuration, parseDuration } from '../../src/lib/duration.ts';

const day = 86_400_000;

const durations: readonly [text: string, milliseconds: number | undefined][] = [
  ['0s', 0],
  ['1s', 1_000],
  ['30s', 30_000],
  ['15m', 900_000],
  ['12h', 43_200_000],
  ['30d', 30 * day],
  ['007s', 7_000],
  ['999999999s', 999_999_999_000],
  ['36500d', 36_500 * day],
  ['876000h', 36_500 * day],
  ['36501d', undefined],
  ['876001h', undefined],
  ['999999999d', undefined],
  ['1000000000s', undefined],
  ['', undefined],
  ['s', undefined],
  ['30', undefined],
  ['30 s', undefined],
  [' 30s', undefined],
  ['30s ', undefined],
  ['30s\n', undefined],
  ['30S', undefined],
  ['30ms', 30],
  ['2900ms', 2_900],
  ['0ms', 0],
  ['30MS', undefined],
  ['30sm', undefined],
  ['ms', undefined],
  ['1w', undefined],
  ['1y', undefined],
  ['1h30m', undefined],
  ['-1s', undefined],
  ['+1s', undefined],
  ['1.5h', undefined],
  ['1e3s', undefined],
  ['0x10s', undefined],
  ['٣s', undefined],
  ['never', undefined],
];

for (const [text, milliseconds] of durations) {
  test(`parseDuration reads ${JSON.stringify(text)} as ${milliseconds ?? 'no duration'}`, () => {
    assert.equal(parseDuration(text), milliseconds);
  });
}

const formats: readonly [milliseconds: number, text: string][] = [
  [0, '0s'],
  [1, '1ms'],
  [2_900, '2900ms'],
  [1_000, '1s'],
  [59_000, '59s'],
  [60_000, '1m'],
  [61_000, '61s'],
  [90 * 60_000, '90m'],
  [3_600_000, '1h'],
  [day, '1d'],
  [25 * 3_600_000, '25h'],
  [365 * day, '365d'],
];

for (const [milliseconds, text] of formats) {
  test(`formatDuration writes ${milliseconds} as ${text}`, () => {
    assert.equal(formatDuration(milliseconds), text);
  });
}

test('the pattern for schemas fits the form of a duration and nothing else', () => {
  const pattern = new RegExp(durationPattern);
  for (const [text, milliseconds] of durations) {
    const isTooLong = ['36501d', '876001h', '999999999d'].includes(text);
    assert.equal(pattern.test(text), milliseconds !== undefined || isTooLong, text);
  }
});

test('a duration written and read again is the same', () => {
  fc.assert(
    fc.property(fc.nat(999_999_999), (milliseconds) => {
      assert.equal(parseDuration(formatDuration(milliseconds)), milliseconds);
    }),
  );
});

test('whatever is read is a whole number of milliseconds between nothing and 100 years', () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{0,10}(?:ms|[smhdw])?$/));
  fc.assert(
    fc.property(texts, (text) => {
      const milliseconds = parseDuration(text);
      if (milliseconds === undefined) return;
      assert.ok(
        milliseconds >= 0 && milliseconds <= 36_500 * day && Number.isInteger(milliseconds),
      );
    }),
  );
});
