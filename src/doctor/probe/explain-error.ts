import { catalog, type FindingCode } from './catalog.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { findLoginAddress } from './find-login-address.ts';
import { findStatus } from './find-status.ts';
import type { FindingRule } from './finding-rule.ts';
import type { KnownMessage } from './known-message.ts';
import { knownMessages } from './messages.ts';
import { findSimilar } from './similar-message.ts';

/** What a client's message means. */
export interface Explanation {
  /**
   * `certain`: these words are known, or they hold the status of the answer. `unsure`: they are like
   * known ones. `unknown`: they are not.
   */
  readonly certainty: 'certain' | 'unsure' | 'unknown';
  /** Who says so; absent where only the status in the text is known. */
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

const followed =
  'The client followed a redirect, and the address in the text is that of a login. (Unless you gave it that address.)';
const mayHaveFollowed =
  'This client follows redirects, so 200 may be the login page at the end of one (upgrade-redirected).';

/** Explains the message of a client or of nginx, without asking any server. */
export function explainError(message: string): Explanation {
  const text = normalize(message);
  const known = knownMessages.find(({ pattern }) => pattern.test(text));
  if (known !== undefined) return explainKnown(known, text);
  const status = findStatus(text);
  if (status !== undefined) return describe({ certainty: 'certain', status }, codeOf(status, text));
  if (findLoginAddress(text) !== undefined && /redirect|https?:\/\//i.test(text)) {
    return describe({ certainty: 'unsure', note: followed }, 'upgrade-redirected');
  }
  const similar = findSimilar(text);
  if (similar === undefined) return { certainty: 'unknown' };
  const { by, example, note, code } = similar;
  return describe(
    { certainty: 'unsure', by, like: example, ...(note !== undefined && { note }) },
    code,
  );
}

/** Typographic quotes, and colours of terminals, do not make other words. */
function normalize(message: string): string {
  return message
    .slice(0, maxLength)
    .replaceAll(/[\u2018\u2019]/g, "'")
    .replaceAll(/[\u201c\u201d]/g, '"')
    .replaceAll(String.fromCharCode(27), '')
    .replaceAll(/\[\d{1,2}(?:;\d{1,2})*m/g, '');
}

/** A status in the text beats what the words alone would mean, and a login address both. */
function explainKnown(known: KnownMessage, text: string): Explanation {
  const { by, example, pattern, code, ignoresStatus, followsRedirects, note } = known;
  const match = pattern.exec(text);
  const own = match?.groups?.status;
  // Where the words mean something by themselves, a status in another line is about something else.
  const place = code === undefined ? text : lineOf(text, match?.index ?? 0);
  const status = own !== undefined ? Number(own) : ignoresStatus ? undefined : findStatus(place);
  const notes = note === undefined ? [] : [note];
  let found = status === undefined ? code : codeOf(status, text);
  const isPage = status === undefined || status === 200 || status === 404;
  if (followsRedirects && isPage && found !== 'upgrade-redirected') {
    if (findLoginAddress(text) !== undefined) {
      found = 'upgrade-redirected';
      notes.push(followed);
    } else if (status === 200) notes.push(mayHaveFollowed);
  }
  const facts = {
    certainty: 'certain',
    by,
    like: example,
    ...(status !== undefined && { status }),
    ...(notes.length > 0 && { note: notes.join(' ') }),
  } as const;
  return describe(facts, found);
}

/** The line of a text at a position. */
function lineOf(text: string, position: number): string {
  const end = text.indexOf('\n', position);
  return text.slice(text.lastIndexOf('\n', position) + 1, end === -1 ? undefined : end);
}

/** Adds what the catalogue says of a finding. */
function describe(facts: Explanation, code: FindingCode | undefined): Explanation {
  if (code === undefined) return facts;
  const { title, meaning, change }: FindingRule = catalog[code];
  return { ...facts, code, title, meaning, ...(change !== undefined && { change }) };
}

/** The finding that an answer with this status to a handshake would be; its words may be in the text. */
function codeOf(status: number, text: string): FindingCode {
  if (status === 401) return 'upgrade-denied';
  if (status >= 300 && status < 400) return 'upgrade-redirected';
  return classifyRefusal({ status, reason: '', headers: [], body: text }).code;
}
