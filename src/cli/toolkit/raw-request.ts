import { isHttpToken } from '../../lib/http-token.ts';
import { CommandFailed } from './command-failed.ts';

/** Headers in order. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** An HTTP request. */
interface RawRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: HeaderList;
}

/**
 * Parses the head of an HTTP/1.1 request (RFC 9112, section 2.1), as copied from a browser or a
 * capture. Throws CommandFailed, without quoting a line that may hold a secret.
 */
export function parseRawRequest(text: string): RawRequest {
  const [first = '', ...rest] = text.replace(/^\s+/, '').split(/\r?\n/);
  const match = /^([A-Z-]+) (\S+)(?: HTTP\/[\d.]+)?$/.exec(first.trimEnd());
  const [, method, target] = match ?? [];
  if (method === undefined || target === undefined) {
    throw new CommandFailed('the request must start with a line such as: GET /ws HTTP/1.1');
  }
  const end = rest.findIndex((line) => line.trim() === '');
  const lines = end === -1 ? rest : rest.slice(0, end);
  return {
    method,
    // nginx splits an absolute target (RFC 9112, section 3.2.2); only its path and query matter
    // here.
    uri: target.replace(/^[a-z]+:\/\/[^/?#]*/i, '') || '/',
    headers: lines.map((line, index) => parseHeaderLine(line, index + 2)),
  };
}

/** Parses `Name: value`. Throws CommandFailed. */
export function parseHeaderLine(line: string, number?: number): readonly [string, string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0)).trim();
  if (!isHttpToken(name)) {
    const where = number === undefined ? 'a --header' : `line ${number} of the request`;
    throw new CommandFailed(`${where} must have the form "Name: value"`);
  }
  return [name, line.slice(colon + 1).trim()];
}
