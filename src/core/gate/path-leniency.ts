/** How a backend may read a decoded path more leniently than nginx. */
export interface Leniency {
  /** `\` is read as `/` (Windows, URLs of browsers). */
  readonly backslashes: boolean;
  /** `;x` at the end of a segment is dropped (RFC 3986, section 3.3; servlets). */
  readonly parameters: boolean;
  /** Dots and spaces at the end of a segment are dropped (file names of Windows). */
  readonly endings: boolean;
  /** Consecutive slashes are merged. */
  readonly merged: boolean;
  /** Dot segments are resolved; above the root they are ignored. */
  readonly dots: boolean;
}

/** Reads a path as it is. */
export const strict: Leniency = {
  backslashes: false,
  parameters: false,
  endings: false,
  merged: false,
  dots: false,
};

/** All combinations of the leniencies that make a difference for a path. */
export function lenienciesFor(path: string): readonly Leniency[] {
  const either = (matters: boolean) => (matters ? [false, true] : [false]);
  const found: Leniency[] = [];
  for (const backslashes of either(path.includes('\\'))) {
    for (const parameters of either(/[;?]/.test(path))) {
      for (const endings of either(/[. ](?:[/\\;?]|$)/.test(path))) {
        for (const merged of either(/[/\\][/\\.;? ]/.test(path))) {
          for (const dots of either(/[/\\]\./.test(path))) {
            found.push({ backslashes, parameters, endings, merged, dots });
          }
        }
      }
    }
  }
  return found;
}

/** The path as a backend with this leniency reads it. */
export function readLeniently(decoded: string, leniency: Leniency): string {
  const { backslashes, parameters, endings, merged, dots } = leniency;
  const path = backslashes ? decoded.replaceAll('\\', '/') : decoded;
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

/** A loop, since a regular expression takes quadratic time in the number of dots. */
function withoutEnding(segment: string): string {
  let end = segment.length;
  while (end > 0 && segment[end - 1] === ' ') end--;
  const text = segment.slice(0, end);
  if (text === '.' || text === '..') return text;
  while (end > 0 && (segment[end - 1] === ' ' || segment[end - 1] === '.')) end--;
  return segment.slice(0, end);
}

/** A reading in words: `decoded, slashes merged`. */
export function describeReading(decoding: string, leniency: Leniency): string {
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
