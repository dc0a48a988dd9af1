import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { corpusDirectory, readCorpus } from '../../fuzz/corpus.ts';
import { mutate } from '../../fuzz/mutate.ts';
import { type Target, tryInput } from '../../fuzz/target.ts';
import { registry } from '../../fuzz/targets/index.ts';
import { createRandom } from '../../testkit/random.ts';

/** Fails with the rule that does not hold, and the input that it does not hold for. */
async function holds(target: Target, input: string): Promise<void> {
  const tried = await tryInput(target, input);
  if ('outcome' in tried) return;
  throw new Error(`${JSON.stringify(input)}: ${String(tried.fault)}`, { cause: tried.fault });
}

for (const [name, { open }] of Object.entries(registry)) {
  describe(name, () => {
    test('everything in the corpus holds', async (t) => {
      const target = await open();
      t.after(() => target.close?.());
      for (const { input } of readCorpus(name)) await holds(target, input);
      for (const input of target.seeds) await holds(target, input);
    });

    test('inputs by its grammar and changed ones hold', async (t) => {
      const target = await open();
      t.after(() => target.close?.());
      const random = createRandom(1);
      for (let i = 0; i < 200; i++) {
        const input = target.generate(random);
        await holds(target, input);
        await holds(target, mutate(input, random, target.words, target.seeds));
      }
    });

    test('any text holds', async (t) => {
      const target = await open();
      t.after(() => target.close?.());
      const text = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc
          .array(fc.constantFrom(...target.words), { maxLength: 12 })
          .map((parts) => parts.join('')),
      );
      await fc.assert(
        fc.asyncProperty(text, (input) => holds(target, input)),
        { numRuns: 100 },
      );
    });
  });
}

test('every input in the corpus is of a target that there is', () => {
  const places = globSync(['*/*.json', 'regressions/*/*.json'], { cwd: corpusDirectory }).map(
    (file) => file.split('/').at(-2) ?? '',
  );
  const unknown = [...new Set(places)].filter((name) => !Object.hasOwn(registry, name));
  assert.deepEqual(unknown, []);
  assert.ok(places.length > 0, 'there is a corpus');
});
