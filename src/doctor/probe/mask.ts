const replacement = '***';
/** Length of the pieces by which a part of a secret is recognised. */
const pieceLength = 8;
/** What is shorter is no secret, and hiding it would hide half the answer. */
const minSecretLength = 4;

/** Takes secrets out of a text. */
export type Mask = (text: string) => string;

/**
 * A mask for these secrets, also percent-encoded, in base64 and in base64url, in either case, and
 * where only a part of one is left (eight characters or more). Words that the probe writes itself stay:
 * `transport=websocket` in an address is no secret, and hides no "WebSocket".
 */
export function createMask(
  secrets: readonly string[],
  ownWords: ReadonlySet<string> = new Set(),
): Mask {
  const forms = [
    ...new Set(secrets.filter(({ length }) => length >= minSecretLength).flatMap(formsOf)),
  ];
  const pieces = new Map<number, Set<string>>();
  for (const form of forms) {
    const size = Math.min(pieceLength, form.length);
    const set = pieces.get(size) ?? new Set();
    for (let i = 0; i + size <= form.length; i++) set.add(form.slice(i, i + size));
    pieces.set(size, set);
  }
  return (text) => hide(text, pieces, ownWords);
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const encoded = [0, 1, 2].flatMap((before) => inBase64(bytes, before));
  return [secret, encodeURIComponent(secret), ...encoded]
    .filter(({ length }) => length >= minSecretLength)
    .map((form) => form.toLowerCase());
}

/** The characters that stand for these bytes when others stand before them. */
function inBase64(bytes: Buffer, before: number): string[] {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const own = text.slice(Math.ceil((before * 8) / 6));
  return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
}

function hide(
  text: string,
  pieces: ReadonlyMap<number, ReadonlySet<string>>,
  ownWords: ReadonlySet<string>,
): string {
  // toLowerCase may change the length of letters beyond ASCII; then positions would not fit.
  const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const secret = new Uint8Array(text.length);
  for (const [size, set] of pieces) {
    for (let i = 0; i + size <= lower.length; i++) {
      if (set.has(lower.slice(i, i + size))) secret.fill(1, i, i + size);
    }
  }
  for (const { 0: word, index } of lower.matchAll(/[a-z]+(?:-[a-z]+)*/g)) {
    // Where more than the word is marked, it is the beginning or the end of a secret.
    const isWhole = !secret[index - 1] && !secret[index + word.length];
    if (isWhole && ownWords.has(word)) secret.fill(0, index, index + word.length);
  }
  let shown = '';
  for (let i = 0; i < text.length; i++) {
    if (!secret[i]) shown += text[i];
    else if (!secret[i - 1]) shown += replacement;
  }
  return shown;
}

/** A piece of what a server sent, fit to be shown: one line, printable, and not too long. */
export function toDisplayLine(text: string, maxLength = 300): string {
  // Control characters, and those that turn the direction of a line, are shown and not obeyed.
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd')
    .trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)} …` : line;
}
