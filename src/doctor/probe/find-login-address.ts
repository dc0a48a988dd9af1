import { looksLikeLogin } from './sign-on.ts';

/** Addresses and hosts in messages: "https://…", "host login.example.com:443", "lookup auth.example.com". */
const addresses = /\bhttps?:\/\/[^\s'"<>)\]},]+/gi;
const hosts =
  /\b(?:host(?:name)?|lookup|resolve|ENOTFOUND|to|address|\w*exception)\s*[:=]?\s+['"]?((?:[a-z0-9-]+\.)+[a-z0-9-]+)(?::\d+)?/gi;

/**
 * The address of a login in a message. A client that follows redirects tells of the place where it
 * ended, not of the one that it was given.
 */
export function findLoginAddress(text: string): string | undefined {
  const urls = [...text.matchAll(addresses)].map(([url]) => url);
  const names = [...text.matchAll(hosts)].map(([, host = '']) => `https://${host}/`);
  return [...urls, ...names].find(looksLikeLogin);
}
