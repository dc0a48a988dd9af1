import { catalog, type FindingCode } from './catalog.ts';
import { classifyRefusal } from './classify-refusal.ts';
import type { FindingRule } from './finding-rule.ts';
import type { KnownMessage } from './known-message.ts';
import { knownMessages } from './messages.ts';

/** What a client's message means. */
export interface Explanation {
  /** `certain`: these words are known. `unsure`: they are like known ones. `unknown`: they are not. */
  readonly certainty: 'certain' | 'unsure' | 'unknown';
  /** Who says so. */
  readonly by?: string;
  /** How the known words go. */
  readonly like?: string;
  /** The HTTP status in the message. */
  readonly status?: number;
  readonly note?: string;
  /** The finding that this would be, and what it says. */
  readonly code?: FindingCode;
  readonly title?: string;
  readonly meaning?: string;
  readonly change?: string;
}

/** Characters of a message that are looked at. */
const maxLength = 4_096;
/** How much of the words of a message a known one must share to be named. */
const minSimilarity = 0.4;

/** Explains the message of a client or of nginx, without asking any server. */
export function explainError(message: string): Explanation {
  const text = message.slice(0, maxLength).replaceAll('’', "'");
  for (const words of knownMessages) {
    const match = words.pattern.exec(text);
    if (match !== null) return explain('certain', words, statusIn(match));
  }
  const [nearest, score] = findNearest(text);
  if (nearest === undefined || score < minSimilarity) return { certainty: 'unknown' };
  const status = /(?<![\d.])([2-5]\d\d)(?![\d.])/.exec(text)?.[1];
  return explain('unsure', nearest, status === undefined ? undefined : Number(status));
}

function explain(
  certainty: 'certain' | 'unsure',
  { by, example, note, code: fixed }: KnownMessage,
  status: number | undefined,
): Explanation {
  const code = fixed ?? (status === undefined ? undefined : codeOf(status));
  const rule: FindingRule | undefined = code === undefined ? undefined : catalog[code];
  return {
    certainty,
    by,
    like: example,
    ...(status !== undefined && { status }),
    ...(note !== undefined && { note }),
    ...(code !== undefined && { code }),
    ...(rule !== undefined && { title: rule.title, meaning: rule.meaning }),
    ...(rule?.change !== undefined && { change: rule.change }),
  };
}

function statusIn({ groups }: RegExpExecArray): number | undefined {
  return groups?.status === undefined ? undefined : Number(groups.status);
}

/** The finding that an answer with this status to a handshake would be. */
function codeOf(status: number): FindingCode {
  if (status === 401) return 'upgrade-denied';
  if (status >= 300 && status < 400) return 'upgrade-redirected';
  return classifyRefusal({ status, headers: [], body: '' }).code;
}

/** The known words that share most with a text, and how much: 1 is all. */
function findNearest(text: string): [KnownMessage | undefined, number] {
  const wanted = vocabularyOf(text);
  let best: [KnownMessage | undefined, number] = [undefined, 0];
  for (const words of knownMessages) {
    const own = vocabularyOf(words.example);
    const shared = [...own].filter((word) => wanted.has(word)).length;
    const score = (2 * shared) / (own.size + wanted.size || 1);
    if (score > best[1]) best = [words, score];
  }
  return best;
}

function vocabularyOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[a-z]{2,}/g));
}
