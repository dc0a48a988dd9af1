import { hash } from 'node:crypto';

/** SHA-256 of texts that hold credentials: the key under which something about them is kept. */
export function digest(texts: readonly string[]): string {
  return hash('sha256', JSON.stringify(texts), 'base64');
}
