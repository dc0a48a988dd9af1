import type { Random } from '../testkit/random.ts';

/** Characters that some parser or other treats in a way of its own. */
const special = [
  ...'/?#%&=;:,."\'\\*@[]{}()<>~^$|+-_ \t\n',
  ...['\r\n', '%2f', '%00', '%25', '..', '//', '\u00a0', '\u0130', '\ufeff', '\u2028', '\ud800'],
  ...['\u00ff', '\u007f', '\u0001', '0', '9', 'A', 'z'],
] as const;

type Change = (text: string, random: Random, words: readonly string[]) => string;

const changes: readonly Change[] = [
  (text, random) => edit(text, random, 8, () => ''),
  (text, random) => edit(text, random, 64, () => ''),
  (text, random) => edit(text, random, 32, (part) => part + part),
  (text, random) => edit(text, random, 4, (part) => part.repeat(1 + random.below(40))),
  (text, random) => edit(text, random, 1, () => random.pick(special)),
  (text, random) => edit(text, random, 0, () => random.pick(special)),
  (text, random, words) => edit(text, random, 0, () => random.pick(words)),
  (text, random, words) => edit(text, random, 12, () => random.pick(words)),
  (text, random) => edit(text, random, 1, () => String.fromCharCode(random.below(256))),
  (text, random) => edit(text, random, 12, (part) => part.toUpperCase()),
  (text, random) =>
    edit(text, random, 1, (part) => `%${(part.charCodeAt(0) || 0).toString(16).padStart(2, '0')}`),
  (text, random) => edit(text, random, 16, (part) => [...part].reverse().join('')),
  swapLines,
  repeatLine,
];

/** The text with a few changes. `others` are texts to take parts from. */
export function mutate(
  text: string,
  random: Random,
  words: readonly string[],
  others: readonly string[],
): string {
  let changed = random.oneIn(8) ? splice(text, random.pick(others), random) : text;
  for (let left = 1 + random.below(4); left > 0; left--) {
    changed = random.pick(changes)(changed, random, words);
  }
  return changed;
}

/** Replaces a part of at most so many characters. */
function edit(
  text: string,
  random: Random,
  most: number,
  replace: (part: string) => string,
): string {
  const start = random.below(text.length + 1);
  const end = Math.min(text.length, start + (most === 0 ? 0 : 1 + random.below(most)));
  return text.slice(0, start) + replace(text.slice(start, end)) + text.slice(end);
}

function splice(text: string, other: string, random: Random): string {
  return text.slice(0, random.below(text.length + 1)) + other.slice(random.below(other.length + 1));
}

function swapLines(text: string, random: Random): string {
  const lines = text.split('\n');
  const [a, b] = [random.below(lines.length), random.below(lines.length)];
  const [first, second] = [lines[a] as string, lines[b] as string];
  lines[a] = second;
  lines[b] = first;
  return lines.join('\n');
}

function repeatLine(text: string, random: Random): string {
  const lines = text.split('\n');
  lines.splice(random.below(lines.length + 1), 0, random.pick(lines));
  return lines.join('\n');
}
