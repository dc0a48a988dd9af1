/** Number of buckets, each for two hashes: 512 kB. */
const buckets = 65_536;

/**
 * Admission filter of a cache (doorkeeper): only keys seen before are worth caching. Objects that outlive
 * a young generation cost V8 more than all others that a decision allocates. Takes constant memory. Two
 * hashes may collide, with the only effect that something is cached in vain.
 */
export class AdmissionFilter {
  /** Fingerprints, two a bucket: with one, two hashes of a bucket that alternate would evict each other. */
  readonly #fingerprints = new Uint32Array(2 * buckets);

  /** Whether this SHA-256 was seen recently. Records it. */
  seenBefore(hash: Uint8Array): boolean {
    const fingerprints = this.#fingerprints;
    const at = 2 * (readUint32(hash, 0) % buckets);
    const fingerprint = readUint32(hash, 4);
    if (fingerprints[at] === fingerprint || fingerprints[at + 1] === fingerprint) return true;
    fingerprints[at + 1] = fingerprints[at] as number;
    fingerprints[at] = fingerprint;
    return false;
  }
}

/** Four bytes, little-endian. */
function readUint32(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
