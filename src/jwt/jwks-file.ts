import { open } from 'node:fs/promises';
import { type Jwks, maxJwksBytes, parseJwks } from '../core/model/jwks.ts';

/**
 * Builds a function that reads a JWKS from a file, again only after the file has changed; until then it
 * resolves with the same object. It rejects when the file has no JWKS, or one that is too large.
 */
export function createJwksFile(path: string): () => Promise<Jwks> {
  let seen: { readonly stamp: string; readonly jwks: Jwks } | undefined;
  return async () => {
    const file = await open(path, 'r');
    try {
      const { size, mtimeMs, ino } = await file.stat();
      const stamp = `${ino} ${mtimeMs} ${size}`;
      if (seen?.stamp === stamp) return seen.jwks;
      // Reads to the limit rather than to the size, which may grow meanwhile.
      const { buffer, bytesRead } = await file.read(Buffer.alloc(maxJwksBytes + 1));
      if (bytesRead > maxJwksBytes) throw new Error(`${path} has more than ${maxJwksBytes} bytes`);
      const jwks = parseJwks(buffer.toString('utf8', 0, bytesRead));
      if (jwks === undefined) throw new Error(`${path} holds no JWKS`);
      seen = { stamp, jwks };
      return jwks;
    } finally {
      await file.close();
    }
  };
}
