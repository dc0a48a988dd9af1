import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nginxFiles } from '../lib/resources.ts';

/** The remedy for a redirected denial that README, docs/why-302.md and both doctors recommend. */
export const remedy = {
  /** The name of the file that is included. */
  file: 'no-login-redirect.conf',
  /** Where Postern ships it. */
  shipped: 'nginx/fixes/no-login-redirect.conf',
  /** Where the line goes in the protected location. */
  place: 'directly below the line that includes the sign-on, above any "rewrite … break;"',
  explained: 'docs/why-302.md',
} as const;

/** The line that includes the remedy from where it was copied to. */
export function includeRemedy(path: string): string {
  return `include ${path};`;
}

/** The remedy in a sentence, for people. */
export function describeRemedy(path: string): string {
  return `Copy ${remedy.shipped} of Postern to ${path}, and put into the protected location, ${remedy.place}: ${includeRemedy(path)} A denied handshake then gets the 401 of the sign-on, and pages still go to the login (${remedy.explained}). Postern itself need not run for it.`;
}

/** The text of the file. */
export function readRemedy(): string {
  return readFileSync(join(nginxFiles, 'fixes', remedy.file), 'utf8');
}
