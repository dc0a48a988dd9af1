import { type Random, several } from '../../testkit/random.ts';
import type { Variant } from './places.ts';

/** Where a request target may pretend to lead, or lead to. */
const destinations = ['/status', '/', '/rooms/1', '/status/x', '/else', '/rooms/1/'];
const decoys = [
  ...['/admin', '/admin/', '/admin/users', '/admin/a/b', '/rooms/2', '/rooms/2/x', '/rooms/1'],
  ...[
    '/ADMIN/x',
    '/Rooms/2',
    '/status',
    '/x',
    '/x/y',
    '/',
    '/admin%2fx',
    '/rooms%2F2',
    '/admin/a%2fb',
  ],
];
const opens = [
  ...['/status', '/', '', '/x', '/rooms/1', '/x/y', '/status/a'],
  // One segment or two, and what dots behind it lead up to.
  ...['/x%2fy', '/status%2fa', '/status/a%2Fb', '/x%5cy', '/x;/y', '/x%252fy'],
];
const protectedPaths = ['/admin', '/admin/users', '/admin/', '/rooms/2', '/rooms/1', '/rooms/12'];

/** Slashes, and what somebody takes for one. */
const slashes = [
  '/',
  '%2f',
  '%2F',
  '\\',
  '%5c',
  '%5C',
  '//',
  '///',
  '/./',
  '%252f',
  '%255c',
  '/;/',
];
const oddSlashes = [
  ...['/%2e/', '%2f/', '/%2f', ';/', '/;x=1/', '%3b/', '%c0%af', '%ef%bc%8f', '%e2%88%95', '/\t/'],
  ...['%00/', '/%20/', '/.%20/', '/ /', '%0a/', '%0d%0a/', '%25%32%66', '%u002f', '\x85/', '\xa0/'],
];

/** Dot segments, and what somebody takes for one. */
const dots = ['..', '%2e%2e', '.%2e', '%2E.', '%252e%252e', '..;', '..;x=1', '..%3b', '.'];
const oddDots = [
  ...[
    '...',
    '.. ',
    '..%20',
    '. .',
    '..%00',
    '..%09',
    '..\t',
    '%c0%ae%c0%ae',
    '.%252e',
    '..\\',
    '..%5c',
  ],
  ...[
    '%ef%bc%8e%ef%bc%8e',
    '..%0a',
    '..%0d',
    '..%23',
    '..%3f',
    '..%2e',
    '%2e',
    '%25%32%65.',
    '.;.',
  ],
];

/** Whatever else changes how a path is read. */
const crumbs = [
  ...[
    ';',
    ';x',
    ';x=1',
    '%3b',
    '%3B',
    '.',
    '%2e',
    '%20',
    '+',
    '%00',
    '%0a',
    '%09',
    '%7f',
    '#',
    '%23',
  ],
  ...[
    '?',
    '%3f',
    '%',
    '%%',
    '%2',
    '%zz',
    '%25',
    '%2525',
    '~',
    '%7e',
    '*',
    ':',
    '@',
    '&',
    '=',
    '$',
    '|',
  ],
  ...[
    '\xff',
    '\xc3\xa4',
    '%c3%a4',
    '%ff',
    '%c5%bf',
    '\xc5\xbf',
    '%e2%84%aa',
    '%ef%bb%bf',
    '\x7f',
    '"',
  ],
  ...[
    '.html',
    '.json',
    '/.',
    '/..',
    '//',
    '[',
    ']',
    '{',
    '}',
    '^',
    '`',
    '<',
    '>',
    "'",
    '(',
    ')',
    ',',
  ],
];

const words = ['admin', 'rooms', 'status', 'users', '1', '2', 'app', 'ADMIN', 'Status', 'x', ''];

/** A nasty request target for a site below the prefix, one that leads elsewhere for some reader. */
export function generateTarget(
  random: Random,
  { host, prefix, aliases = [] }: Pick<Variant, 'host' | 'prefix' | 'aliases'>,
): string {
  const make = random.pick([
    detour,
    detour,
    detour,
    hidden,
    hidden,
    respelled,
    respelled,
    foreign,
    soup,
  ]);
  let target = make(random, prefix);
  if (aliases.length > 0 && random.oneIn(2)) target = random.pick(aliases) + target;
  for (const change of several(random, random.oneIn(3) ? 3 : 1, () => random.pick(crumbs))) {
    if (random.oneIn(2)) target = insert(random, target, change);
  }
  if (random.oneIn(12)) target += `?${random.pick(['x=1', 'x=/../admin', '/admin', '%2f..'])}`;
  // The host is the same: whoever may choose another one has chosen another site.
  if (random.oneIn(40)) target = `http://${host}${target}`;
  // A request line ends at a line feed, and nginx takes none that does not begin in this way.
  return target.startsWith('/') || target.startsWith('http') ? target : `/${target}`;
}

/** Down to one place, up again, and on to another: `/admin/users/../../status`. */
function detour(random: Random, prefix: string): string {
  const decoy = random.pick(decoys);
  const depth = decoy.split('/').filter((segment) => segment !== '').length;
  const ups = Math.max(0, depth + random.pick([0, 0, 0, 0, 1, -1]));
  // Some leave the prefix as well, and come back.
  const leaves = prefix !== '' && random.oneIn(4);
  const up = Array.from({ length: ups + (leaves ? 1 : 0) }, () => slash(random) + dot(random));
  const start = random.oneIn(6) ? respell(random, decoy) : decoy;
  return `${prefix}${start}${up.join('')}${leaves ? prefix : ''}${onward(random, destinations)}`;
}

/** From an open place into a protected one: `/status/..%2fadmin`. */
function hidden(random: Random, prefix: string): string {
  const open = random.pick(opens);
  const up = several(random, 3, () => slash(random) + dot(random)).join('');
  return `${prefix}${open}${up}${onward(random, protectedPaths)}`;
}

/** Behind what a URL parser takes for a host: `//x/admin`. */
function foreign(random: Random, prefix: string): string {
  const start = random.pick(['//', '/\\', '///', '/%2f', '/%5c', '//\\']);
  const authority = random.pick(['x', 'app.test', 'x:80', 'a@x', 'status', 'admin', '..', '.', '']);
  const path = random.pick([detour, hidden, respelled])(random, prefix);
  return `${random.oneIn(8) ? prefix : ''}${start}${authority}${path}`;
}

/** A place in other letters: `/%61dmin`, `/ADMIN;x`. */
function respelled(random: Random, prefix: string): string {
  return respell(random, prefix + random.pick([...protectedPaths, ...destinations]));
}

function soup(random: Random, prefix: string): string {
  const part = () =>
    random.pick([slash, dot, () => random.pick(words), () => random.pick(crumbs)])(random);
  return `${random.oneIn(3) ? '' : prefix}/${several(random, 12, part).join('')}`;
}

function slash(random: Random): string {
  if (random.oneIn(2)) return '/';
  return random.pick(random.oneIn(4) ? oddSlashes : slashes);
}

function dot(random: Random): string {
  if (random.oneIn(2)) return random.pick(['..', '%2e%2e']);
  return random.pick(random.oneIn(4) ? oddDots : dots);
}

/** A path whose first slash may be something else. */
function onward(random: Random, paths: readonly string[]): string {
  return slash(random) + random.pick(paths).slice(1);
}

/** Some characters percent-encoded, once or twice, or in the other case; slashes as something else. */
function respell(random: Random, path: string): string {
  const often = random.pick([2, 4, 12]);
  return [...path]
    .map((char, index) => {
      if (!random.oneIn(often)) return char;
      if (char === '/') return index === 0 ? '/' : slash(random);
      const hex = (text: string) => `%${text.charCodeAt(0).toString(16).padStart(2, '0')}`;
      return random.pick([hex(char), hex(char), char.toUpperCase(), `%25${hex(char).slice(1)}`]);
    })
    .join('');
}

function insert(random: Random, text: string, piece: string): string {
  const at = random.pick([text.length, 1 + random.below(text.length)]);
  return text.slice(0, at) + piece + text.slice(at);
}
