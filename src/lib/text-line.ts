/**
 * What nobody sees in a line, in the words of a character class: control characters, separators of lines
 * and paragraphs, and what changes the direction of text (https://www.unicode.org/reports/tr9/). For
 * regular expressions of JavaScript, Python and Rust alike, since a JSON Schema is read by all of them;
 * so halves of surrogate pairs are asked for elsewhere. Joiners and variation selectors are another
 * matter: emoji and some scripts are written with them.
 */
const hidden = [
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f',
  '\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb',
  ...[
    [0x1bca0, 0x1bca3],
    [0x1d173, 0x1d17a],
    [0xe0000, 0xe0fff],
  ].map((range) => range.map((code) => String.fromCodePoint(code)).join('-')),
].join('');
const joining = '\\u200c\\u200d\\ufe00-\\ufe0f';

const lineOf = (refused: string) => `^(?!\\s)[^${refused}]+(?<!\\s)$`;

/** One line of text for people: a label, a name. No white space around it, which a header would lose. */
export const linePattern = lineOf(hidden);

/**
 * One line of text that names somebody: two that look the same are not two people, whatever a backend
 * makes of what it cannot show (Default_Ignorable_Code_Point, https://www.unicode.org/reports/tr44/).
 */
export const subjectPattern = lineOf(hidden + joining);

/** Longest name of somebody. */
export const longestSubject = 256;

const line = new RegExp(linePattern, 'u');
const subject = new RegExp(subjectPattern, 'u');

/** Whether a text is one line that people can read. */
export function isLine(text: string): boolean {
  return text.isWellFormed() && line.test(text);
}

/** Whether a text can name somebody, but for its length. */
export function isSubject(text: string): boolean {
  return text.isWellFormed() && subject.test(text);
}
