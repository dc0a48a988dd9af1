import { posix } from 'node:path';
import { isBelow, resolvePath } from '../../src/core/gate/path.ts';
import { readPath } from '../../src/core/gate/path-readings.ts';
import { expect, type Target } from '../target.ts';

const pieces = [
  ...['/', '//', '/.', '/..', '/a', '/pub', '/Admin', '%2f', '%2e', '%2E%2e', '%5c', '\\', ';x=1'],
  ...['..;', '%252e', '%00', '%', '%zz', 'a', '.', '...', '%c3%a9', '\u00e9'],
];

/** The path of a request target, as nginx normalizes it and as lenient software may. */
export const path: Target = {
  seeds: ['/', '/a/b/', '/a/../b', '/%2e%2e/a', '/a//b', '/a/..;/b', '/a%2fb', '/a\\..\\b', '/%25'],
  words: pieces,
  longest: 32_768,
  generate: (random) =>
    `/${Array.from({ length: random.below(9) }, () => random.pick(pieces)).join('')}`,
  run(text) {
    if (!text.startsWith('/')) return 'no path';
    const resolved = resolvePath(text);
    const told = resolveOtherwise(text);
    expect(resolved === told, 'it resolves as posix paths do', { resolved, told });
    if (resolved === undefined) return 'refused';
    const again = resolvePath(resolved.replaceAll('%', '%25'));
    expect(again === resolved, 'what is resolved stays as it is', { resolved, again });
    const read = readPath(text);
    expect(read?.resolved === resolved, 'the first reading is that of nginx');
    const texts = read.all.map((reading) => reading.path);
    expect(new Set(texts).size === texts.length, 'each reading is there once', texts);
    for (const own of read.isComplete ? readOtherwise(text) : []) {
      expect(texts.includes(own), 'no way to read it is left out', { own, texts });
    }
    const first = `/${resolved.split('/')[1]}`;
    expect(first === '/' || isBelow(resolved, first), 'a path lies below its beginning', resolved);
    expect(!isBelow(`${first}x`, first) || first === '/', 'a longer name is another one');
    return `${Math.min(texts.length, 8)} readings`;
  },
};

/** What software on the way does with a path: nginx, path routers, URL parsers, file servers, servlets. */
function readOtherwise(text: string): string[] {
  const decode = (path: string) =>
    path.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  const decoded = decode(text);
  const slashed = decoded.replaceAll('\\', '/');
  // Whether a slash at the end counts is a matter of taste.
  if (/(?:^|[/\\])\.{0,2}$/.test(decode(decoded))) return [];
  return [
    decoded,
    decode(decoded),
    posix.normalize(decoded),
    posix.normalize(slashed),
    decoded.replaceAll(/\/{2,}/g, '/'),
  ];
}

/** The same by Node's posix paths. */
function resolveOtherwise(text: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  const bytes = text.replace(/%(..)/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  if (bytes.includes('\0')) return undefined;
  let depth = 0;
  for (const segment of bytes.split('/')) {
    if (segment === '..') depth--;
    else if (segment !== '' && segment !== '.') depth++;
    if (depth < 0) return undefined;
  }
  const isDirectory = /(?:^|\/)\.{0,2}$/.test(bytes);
  const normal = posix.normalize(bytes);
  return isDirectory && !normal.endsWith('/') ? `${normal}/` : normal;
}
