/** True for a path that nginx expands: it may name several files, or none. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * Whether a name without slashes fits a pattern of glob(3), in time that grows with the product of their lengths
 * at most. `*`, `?` and brackets do not match a dot at the beginning.
 */
export function fitsPattern(pattern: string, name: string): boolean {
  const pieces = pattern.match(/\[[!^]?\]?[^\]]*\]|[\s\S]/g) ?? [];
  if (name.startsWith('.') && /^[*?[]/.test(pattern)) return false;
  // Only the last star may have to take one character more: what the ones before took is as good as any.
  let [at, piece, star, taken] = [0, 0, -1, 0];
  while (at < name.length) {
    if (pieces[piece] === '*') {
      star = piece++;
      taken = at;
    } else if (piece < pieces.length && fitsPiece(pieces[piece] as string, name[at] as string)) {
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

/** The same for a path, part by part: nothing matches a slash. */
export function fitsPathPattern(pattern: string, path: string): boolean {
  const [patterns, parts] = [pattern.split('/'), path.split('/')];
  return (
    patterns.length === parts.length &&
    patterns.every((one, index) => fitsPattern(one, parts[index] as string))
  );
}

function fitsPiece(piece: string, character: string): boolean {
  if (piece === '?') return true;
  if (piece.length === 1) return piece === character;
  const negated = piece[1] === '!' || piece[1] === '^';
  const inner = piece.slice(negated ? 2 : 1, -1).replace(/[\\\]^[]/g, '\\$&');
  return isClass(inner) && new RegExp(`[${negated ? '^' : ''}${inner}]`).test(character);
}

/** A range that runs backwards matches nothing, as in glob(3), and must not throw here. */
function isClass(inner: string): boolean {
  try {
    new RegExp(`[${inner}]`);
    return inner !== '';
  } catch {
    return false;
  }
}
