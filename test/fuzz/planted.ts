import type { Target } from '../../fuzz/target.ts';
import type { Registry } from '../../fuzz/targets/index.ts';

/** A target that makes short texts of few letters. */
function planted(run: Target['run'], longest = 16_384): Target {
  return {
    seeds: ['aa'],
    words: ['a', 'b', 'q'],
    longest,
    generate: (random) => random.pick(['abc', 'cab', 'bcd']),
    run,
  };
}

function throwing(text: string): string {
  if (text.includes('qb')) throw new TypeError('text is not iterable');
  return 'fine';
}

/** What nobody should write, each to see whether it is noticed. */
function quadratic(text: string): string {
  return /a+$/.test(text) ? 'ends so' : 'does not';
}

function hanging(text: string): string {
  for (let at = text.indexOf('qq'); at !== -1; at = text.indexOf('qq'));
  return 'fine';
}

function forgetful(text: string): string {
  if (text.includes('qb')) void Promise.reject(new Error('nobody awaits this'));
  return 'fine';
}

function sound(text: string): string {
  return text.length > 8 ? 'long' : 'short';
}

/** Targets with faults, and one without. */
export const registry: Registry = Object.fromEntries(
  Object.entries({ throwing, quadratic, hanging, forgetful, sound }).map(([name, run]) => [
    name,
    { share: 1, open: async () => planted(run) },
  ]),
);
