/**
 * Invisible characters, as a character class: control characters, line and paragraph separators, and
 * characters that change the direction of text (https://www.unicode.org/reports/tr9/). The class works in
 * regular expressions of JavaScript, Python and Rust, which all read the JSON Schema; so lone surrogates
 * are checked elsewhere. Joiners and variation selectors are separate: emoji and some scripts need them.
 */
const invisibleCharacters = [
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f',
  '\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb',
  ...[
    [0x1bca0, 0x1bca3],
    [0x1d173, 0x1d17a],
    [0xe0000, 0xe0fff],
  ].map((range) => range.map((code) => String.fromCodePoint(code)).join('-')),
].join('');
const joiners = '\\u200c\\u200d\\ufe00-\\ufe0f';

const lineWithout = (refused: string) => `^(?!\\s)[^${refused}]+(?<!\\s)$`;

/** One line of text for people: a label, a name. No surrounding white space, which a header would lose. */
export const linePattern = lineWithout(invisibleCharacters);

/**
 * A subject: one line without any ignorable characters, so that two different subjects never look the same
 * (Default_Ignorable_Code_Point, https://www.unicode.org/reports/tr44/).
 */
export const subjectPattern = lineWithout(invisibleCharacters + joiners);

/** Length limit of subjects. */
export const maxSubjectLength = 256;

const line = new RegExp(linePattern, 'u');
const subject = new RegExp(subjectPattern, 'u');

/** Whether a text is one visible line. */
export function isLine(text: string): boolean {
  return text.isWellFormed() && line.test(text);
}

/** Whether a text is a valid subject, apart from its length. */
export function isSubject(text: string): boolean {
  return text.isWellFormed() && subject.test(text);
}
