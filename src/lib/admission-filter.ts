/** Half of how many of the hashes that came last are recognised when they come again: 512 kB. */
const pairs = 65_536;

/**
 * Tells what comes again from what comes once, which to keep would only cost: an object that lives on for
 * a while is dearer to V8 than all else that a decision makes. Takes the same memory whatever comes, and
 * may take one hash for another, which here means no more than that something is kept for nothing.
 */
export class AdmissionFilter {
  /** Bits of hashes. Two share a place, or any two of one place in turn would make each other forgotten. */
  readonly #marks = new Uint32Array(2 * pairs);

  /** Whether this SHA-256 came a short while ago; from now on it did. */
  seenBefore(hash: Uint8Array): boolean {
    const marks = this.#marks;
    const place = 2 * (readNumber(hash, 0) % pairs);
    const mark = readNumber(hash, 4);
    if (marks[place] === mark || marks[place + 1] === mark) return true;
    marks[place + 1] = marks[place] as number;
    marks[place] = mark;
    return false;
  }
}

/** Four bytes as a number. */
function readNumber(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
