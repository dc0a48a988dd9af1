/** True for a path that nginx expands: it may name several files, or none. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * Turns a pattern of glob(3) into a regular expression for whole paths. `*` and `?` do not cross a
 * slash and do not match a dot at the beginning of a name.
 */
export function patternToRegExp(pattern: string): RegExp {
  const parts = pattern.split('/').map((part) => {
    const hidden = /^[*?[]/.test(part) ? '(?!\\.)' : '';
    return hidden + part.replace(/\[[!^]?\]?[^\]]*\]|[\s\S]/g, translate);
  });
  return new RegExp(`^${parts.join('/')}$`, 's');
}

function translate(piece: string): string {
  if (piece === '*') return '[^/]*';
  if (piece === '?') return '[^/]';
  if (piece.length > 1) {
    const negated = piece[1] === '!' || piece[1] === '^';
    const inner = piece.slice(negated ? 2 : 1, -1).replace(/[\\\]^[]/g, '\\$&');
    return isClass(inner) ? `[${negated ? '^/' : ''}${inner}]` : '(?!)';
  }
  return piece.replace(/[\\^$.|+(){}[\]]/g, '\\$&');
}

/** A range that runs backwards matches nothing, as in glob(3), and must not throw here. */
function isClass(inner: string): boolean {
  try {
    new RegExp(`[${inner}]`, 's');
    return inner !== '';
  } catch {
    return false;
  }
}
