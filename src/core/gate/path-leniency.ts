/** What one reading does to a path, beside decoding it. */
export interface Leniency {
  /** `\` is a slash (Windows, URLs of browsers). */
  readonly backslashes: boolean;
  /** `;x` at the end of a segment is no part of it (RFC 3986, section 3.3; servlets). */
  readonly parameters: boolean;
  /** Dots and spaces at the end of a segment do not count (file names of Windows). */
  readonly endings: boolean;
  readonly merged: boolean;
  /** Dot segments are resolved; they end at the root. */
  readonly dots: boolean;
}
export const strict: Leniency = {
  backslashes: false,
  parameters: false,
  endings: false,
  merged: false,
  dots: false,
};

/** The leniencies that make a difference for a text. */
export function lenienciesFor(text: string): readonly Leniency[] {
  const either = (matters: boolean) => (matters ? [false, true] : [false]);
  const found: Leniency[] = [];
  for (const backslashes of either(text.includes('\\'))) {
    for (const parameters of either(/[;?]/.test(text))) {
      for (const endings of either(/[. ](?:[/\\;?]|$)/.test(text))) {
        for (const merged of either(/[/\\][/\\.;? ]/.test(text))) {
          for (const dots of either(/[/\\]\./.test(text))) {
            found.push({ backslashes, parameters, endings, merged, dots });
          }
        }
      }
    }
  }
  return found;
}
export function readLeniently(text: string, leniency: Leniency): string {
  const { backslashes, parameters, endings, merged, dots } = leniency;
  const path = backslashes ? text.replaceAll('\\', '/') : text;
  const segments = path.split('/').slice(1);
  const read: string[] = [];
  for (const [index, whole] of segments.entries()) {
    const named = parameters ? withoutParameters(whole) : whole;
    const segment = endings ? withoutEnding(named) : named;
    const isDot = segment === '.' || segment === '..';
    if (dots && isDot) {
      if (segment === '..') read.pop();
    } else if (segment !== '' || !merged) {
      read.push(segment);
    }
    const isDirectory = (dots && isDot) || (segment === '' && merged);
    if (index === segments.length - 1 && isDirectory) read.push('');
  }
  return `/${read.join('/')}`;
}
function withoutParameters(segment: string): string {
  const at = segment.search(/[;?]/);
  return at === -1 ? segment : segment.slice(0, at);
}

/** By steps: a regular expression takes time quadratic in the dots here. */
function withoutEnding(segment: string): string {
  let end = segment.length;
  while (end > 0 && segment[end - 1] === ' ') end--;
  const text = segment.slice(0, end);
  if (text === '.' || text === '..') return text;
  while (end > 0 && (segment[end - 1] === ' ' || segment[end - 1] === '.')) end--;
  return segment.slice(0, end);
}
export function describe(decoding: string, leniency: Leniency): string {
  const parts = [
    decoding,
    leniency.backslashes ? '\\ as /' : '',
    leniency.parameters ? 'without parameters' : '',
    leniency.endings ? 'without dots and spaces at the end' : '',
    leniency.merged ? 'slashes merged' : '',
    leniency.dots ? 'dot segments resolved' : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'as sent' : parts.join(', ');
}
