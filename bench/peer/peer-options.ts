import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { handshake } from '../handshake.ts';

/** Another auth service that is already running. */
export interface Peer {
  readonly name: string;
  /** Its auth endpoint. */
  readonly url: URL;
  /** Headers of an admitted request. */
  readonly headers: Readonly<Record<string, string>>;
  /** A file for nginx's server block, instead of a plain one. */
  readonly snippet: string | undefined;
}

/**
 * Parses `--peer name,url,header…` and `--peer-snippet name,file`. A comma that no header name
 * follows is part of a value. Throws an error for invalid options.
 */
export function readPeers(peers: readonly string[], snippets: readonly string[]): Peer[] {
  const files = new Map(snippets.map(readSnippet));
  const read = peers.map((text) => readPeer(text, files));
  const names = read.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two --peer are called ${twice}`);
  for (const name of files.keys()) {
    if (!names.includes(name)) throw new Error(`--peer-snippet ${name}: no --peer has this name`);
  }
  return read;
}

function readPeer(text: string, files: ReadonlyMap<string, string>): Peer {
  const [name = '', address = '', ...lines] = text.split(/,(?=https?:\/\/|[\w-]+: )/);
  const usage = `--peer "${text}": write name,url,header… such as 'other,http://127.0.0.1:4180/auth,Cookie: a=b'`;
  if (!/^[\w-]+$/.test(name) || !URL.canParse(address)) throw new Error(usage);
  const url = new URL(address);
  if (url.protocol !== 'http:') throw new Error(`--peer ${name}: only http: can be asked`);
  const headers = lines.map((line) => {
    const [, header = '', value = ''] = /^([\w-]+): ([^\t\r\n]*)$/.exec(line) ?? [];
    if (header === '') throw new Error(usage);
    return [handshakeSpelling(header), value] as const;
  });
  return { name, url, headers: Object.fromEntries(headers), snippet: files.get(name) };
}

function readSnippet(text: string): readonly [name: string, file: string] {
  const [, name = '', path = ''] = /^([\w-]+),(.+)$/.exec(text) ?? [];
  const file = resolve(path);
  if (name === '') throw new Error(`--peer-snippet "${text}": write name,file`);
  if (!existsSync(file)) throw new Error(`--peer-snippet ${name}: there is no file ${file}`);
  return [name, file];
}

/** Uses the handshake's spelling of a header, so that it replaces the handshake's own. */
function handshakeSpelling(header: string): string {
  const usual = Object.keys(handshake).find((one) => one.toLowerCase() === header.toLowerCase());
  return usual ?? header;
}
