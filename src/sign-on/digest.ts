import { hash } from 'node:crypto';

/** Stands for texts that hold credentials, wherever something is kept by them. */
export function digest(texts: readonly string[]): string {
  return hash('sha256', JSON.stringify(texts), 'base64');
}
