/** True for a path that nginx expands as a pattern. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * Matches a name without slashes against a glob(3) pattern, in time bounded by the product of their
 * lengths. `*`, `?` and brackets do not match a leading dot.
 */
export function matchesName(pattern: string, name: string): boolean {
  const pieces = pattern.match(/\[[!^]?\]?[^\]]*\]|[\s\S]/g) ?? [];
  if (name.startsWith('.') && /^[*?[]/.test(pattern)) return false;
  // Backtracking only to the last star is enough.
  let [at, piece, star, taken] = [0, 0, -1, 0];
  while (at < name.length) {
    if (pieces[piece] === '*') {
      star = piece++;
      taken = at;
    } else if (piece < pieces.length && matchesPiece(pieces[piece] as string, name[at] as string)) {
      piece++;
      at++;
    } else if (star !== -1) {
      piece = star + 1;
      at = ++taken;
    } else {
      return false;
    }
  }
  return pieces.slice(piece).every((rest) => rest === '*');
}

/** Matches a path segment by segment: nothing matches a slash. */
export function matchesPath(pattern: string, path: string): boolean {
  const [patterns, parts] = [pattern.split('/'), path.split('/')];
  return (
    patterns.length === parts.length &&
    patterns.every((one, index) => matchesName(one, parts[index] as string))
  );
}

function matchesPiece(piece: string, character: string): boolean {
  if (piece === '?') return true;
  if (piece.length === 1) return piece === character;
  const negated = piece[1] === '!' || piece[1] === '^';
  const inner = piece.slice(negated ? 2 : 1, -1).replace(/[\\\]^[]/g, '\\$&');
  return isClass(inner) && new RegExp(`[${negated ? '^' : ''}${inner}]`).test(character);
}

/** A reversed range matches nothing, as in glob(3), and must not throw. */
function isClass(inner: string): boolean {
  try {
    new RegExp(`[${inner}]`);
    return inner !== '';
  } catch {
    return false;
  }
}
