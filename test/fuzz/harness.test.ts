import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { readCorpus } from '../../fuzz/corpus.ts';
import { fuzz, type Outcome } from '../../fuzz/fuzz.ts';
import { minimise } from '../../fuzz/minimise.ts';
import { mutate } from '../../fuzz/mutate.ts';
import { type Options, readOptions } from '../../fuzz/options.ts';
import { renderFailure, renderOutcomes } from '../../fuzz/report.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { createRandom } from '../../testkit/random.ts';
import { registry } from './planted.ts';

const module = new URL('./planted.ts', import.meta.url).href;

/** Fuzzes one of the planted targets and gives what came of it, with the directory of its corpus. */
async function attack(
  t: Parameters<typeof temporaryDirectory>[0],
  target: string,
  options: Partial<Options> = {},
): Promise<Outcome & { readonly corpus: string }> {
  const corpus = temporaryDirectory(t);
  const usual = readOptions(['--seed', '1', '--inputs', '2_000_000'], Object.keys(registry));
  const [outcome] = await fuzz(
    { entries: registry, module },
    { ...usual, targets: [target], jobs: 1, corpus, ...options },
    () => {},
  );
  assert.ok(outcome);
  return { ...outcome, corpus };
}

test('a parser that throws is found, and its input made as small as can be', async (t) => {
  const outcome = await attack(t, 'throwing');
  assert.match(outcome.failure?.words ?? '', /TypeError: text is not iterable/);
  assert.equal(outcome.failure?.input, 'qb');
  const [kept, ...more] = readCorpus('throwing', outcome.corpus);
  assert.equal(kept?.input, 'qb');
  assert.deepEqual(more, []);
  assert.equal(JSON.parse(readFileSync(resolve(outcome.kept ?? ''), 'utf8')), 'qb');
  assert.match(renderFailure(outcome), /--target throwing --replay .*[0-9a-f]{16}\.json/);
  assert.match(renderOutcomes([outcome], 1_000), /throwing .*BROKEN/);
});

test('what is kept is tried first the next time', async (t) => {
  const { corpus } = await attack(t, 'throwing');
  const again = await attack(t, 'throwing', { corpus, inputs: 2 } as Partial<Options>);
  assert.equal(again.failure?.input, 'qb');
});

test('a regular expression that takes quadratic time is found', async (t) => {
  const { failure } = await attack(t, 'quadratic');
  assert.match(failure?.words ?? '', /time grows with the length/);
});

test('a parser that hangs is found from outside its thread', async (t) => {
  const { failure } = await attack(t, 'hanging', { hang: 1 });
  assert.match(failure?.words ?? '', /it hangs/);
  assert.match(failure?.input ?? '', /qq/);
});

test('a rejection that nobody awaits is found', async (t) => {
  const { failure } = await attack(t, 'forgetful', { inputs: 50_000 });
  assert.match(failure?.words ?? '', /nobody awaits this/);
});

test('a sound parser holds for as many inputs as were asked for', async (t) => {
  const outcome = await attack(t, 'sound', { inputs: 20_000, save: true });
  assert.equal(outcome.failure, undefined);
  assert.ok(outcome.inputs >= 20_000);
  assert.deepEqual(outcome.outcomes.map(([name]) => name).sort(), ['long', 'short']);
  // The first long one was new.
  assert.ok(readCorpus('sound', outcome.corpus).some(({ input }) => input.length > 8));
});

test('the same seed gives the same inputs, and another one others', () => {
  const make = (seed: number) => {
    const random = createRandom(seed);
    return Array.from({ length: 50 }, () => mutate('GET /\nHost: a', random, ['x'], ['y']));
  };
  assert.deepEqual(make(7), make(7));
  assert.notDeepEqual(make(7), make(8));
});

test('an input is made smaller for as long as it fails', async () => {
  const smaller = await minimise('first\nsecond: {bad} value\nthird\n', async (text) =>
    text.includes('{bad}'),
  );
  assert.equal(smaller, '{bad}');
});

test('a command line that cannot be read is refused', () => {
  const known = ['path'];
  assert.equal(readOptions([], known).seconds, 60);
  assert.equal(readOptions(['--inputs', '10_000_000'], known).inputs, 10_000_000);
  assert.throws(() => readOptions(['--inputs', 'many'], known), /--inputs takes a whole number/);
  assert.throws(() => readOptions(['--target', 'none'], known), /no target is called none/);
  assert.throws(() => readOptions(['--replay', 'x'], known), /--replay needs the one --target/);
});
