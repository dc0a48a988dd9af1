import type { KnownMessage } from './known-message.ts';
import { knownMessages } from './messages.ts';

/** How much of the weight of two texts has to be in words that both have. */
const minSimilarity = 0.6;
/** Words that both must have: one alone is an accident. */
const minShared = 3;

/**
 * Words of the known messages by weight: the fewer messages have a word, the more it says (inverse
 * document frequency). "websocket" and "failed" say next to nothing.
 */
const weights = weigh();

/** The known message that is most like a text; undefined where none is like it. */
export function findSimilar(text: string): KnownMessage | undefined {
  const words = vocabularyOf(text);
  let best: KnownMessage | undefined;
  let most = minSimilarity;
  for (const message of knownMessages) {
    const own = vocabularyOf(message.example);
    const shared = [...own].filter((word) => words.has(word));
    if (shared.length < minShared) continue;
    const similarity = (2 * sum(shared)) / (sum([...own]) + sum([...words]));
    if (similarity > most) [best, most] = [message, similarity];
  }
  return best;
}

function weigh(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { example } of knownMessages) {
    for (const word of vocabularyOf(example)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const total = knownMessages.length;
  return new Map([...counts].map(([word, count]) => [word, Math.log(total / count)]));
}

function sum(words: readonly string[]): number {
  // A word that no known message has weighs as much as one that a single message has.
  const unknown = Math.log(knownMessages.length);
  return words.reduce((total, word) => total + (weights.get(word) ?? unknown), 0);
}

function vocabularyOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[a-z]{2,}/g));
}
