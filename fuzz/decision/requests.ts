import type { Random } from '../../testkit/random.ts';
import { usualLines } from '../head.ts';
import { forms } from './expand.ts';

const hosts = [
  ...['app.example.com', 'a.apps.example.com', 'listed.example.com', 'lan.example.com'],
  ...['office.example.com', 'staff.example.com', 'once.example.com', 'own.example.com'],
  'keyed.example.com',
];
const paths = [
  ...['/', '/ws', '/healthz', '/healthz/..;/ws', '/hooks/1', '/rooms/1/ws', '/lobby', '/rooms'],
  ...[
    '/rooms/../ws',
    '/Rooms/1/WS',
    '/rooms%2f1%2fws',
    '/lobby/',
    '/rooms/%2e%2e/admin',
    '/roomsx',
  ],
  ...['/rooms/1/ws/../../../ws', '/rooms/1/ws/..%2f..%2f../lobby', '/lobby/..', '/x/../lobby'],
  ...['/healthz/../ws', '/ws/../healthz', '/rooms/2/../9/x', '/lobby./', '/%6cobby', '/a//b'],
  ...['//lobby', '/lobby%00', '/hooks/../ws', '/rooms/1/ws;x', '/healthz%2f..%2fws'],
];
const origins = [
  ...['https://app.example.com', 'https://pages.example.net', 'https://evil.example', 'null'],
  ...['https://listed.example.com', 'http://staff.example.com', 'https://pages.example.net:443'],
  ...['https://app.example.com.evil.example', 'https://evilexample.com', ''],
];
const addresses = [
  ...['203.0.113.7', '192.168.1.7', '192.168.66.7', '198.51.100.7', '::ffff:192.168.1.7'],
  ...['fd00::1', 'fe80::1%eth0', '::ffff:c0a8:107', '127.0.0.1', 'x', ''],
];
const gates = [
  'app',
  'room',
  'listed',
  'lan',
  'office',
  'staff',
  'once',
  'own',
  'keyed',
  'named',
  'nobody',
];

/** Requests of which each goes another way through the decision. */
export const seeds = [
  ...[
    ['X-Original-URI: /ws?token={active}'],
    ['X-Original-URI: /ws', 'Cookie: postern_token={active}', 'Origin: https://app.example.com'],
    ['X-Original-URI: /ws', 'Cookie: __Host-postern={session}', 'Origin: https://evil.example'],
    ['X-Original-URI: /ws', 'Authorization: Bearer {jwt}'],
    ['X-Original-URI: /ws', 'Authorization: Basic {active^basic}'],
    ['X-Original-URI: /ws', 'Authorization: Basic {active^named}'],
    ['X-Original-URI: /ws', 'Authorization: Basic {active^other}'],
    ['X-Original-URI: /ws', 'Sec-WebSocket-Protocol: chat, postern.bearer.{active}'],
    [
      'X-Original-URI: /ws',
      'Sec-WebSocket-Protocol: postern, postern.bearer64.{imported^base64url}',
    ],
    ['X-Original-URI: /rooms/1/ws?ticket={ticket}'],
    ['X-Original-URI: /rooms/1/ws?ticket={twice}'],
    ['X-Original-URI: /ws?token={twice^percent}'],
    ['X-Original-URI: /rooms/9/?token={pathed}'],
    ['X-Original-URI: /ws?token={gated}'],
    ['X-Original-URI: /ws?token={networked}', 'X-Real-IP: 192.168.9.9'],
    ['X-Original-URI: /ws?token={origined}', 'Origin: https://pages.example.net'],
    ['X-Original-URI: /healthz'],
    ...['expired', 'revoked', 'pending', 'used', 'rotated', 'unknown'].map((name) => [
      `X-Original-URI: /ws?token={${name}}`,
    ]),
    ...['Expired', 'Early', 'Audience', 'Stranger', 'Forged', 'None', 'Confused', 'Revoked'].map(
      (name) => ['X-Original-URI: /ws', `Authorization: Bearer {jwt${name}}`],
    ),
    ['X-Original-URI: /ws?token={active}', '!gone'],
    ['X-Original-URI: /ws?token={active}', '!odd'],
  ].map((lines) => ask('app.example.com', ...lines)),
  ask(
    'listed.example.com',
    'X-Original-URI: /',
    'Cookie: listed_token={active}',
    'Origin: https://a.example.com',
  ),
  ask('lan.example.com', 'X-Original-URI: /', 'X-Real-IP: 192.168.1.7'),
  ask('lan.example.com', 'X-Original-URI: /', 'X-Forwarded-For: fd00::1, 127.0.0.1'),
  ask('office.example.com', 'X-Original-URI: /?token={active}', 'X-Real-IP: 198.51.100.7'),
  ask('staff.example.com', 'X-Original-URI: /', 'Authorization: Bearer {staff}'),
  ask('staff.example.com', 'X-Original-URI: /', 'Authorization: Bearer {jwtStaff}'),
  ask('once.example.com', 'X-Original-URI: /', 'Authorization: Bearer {jwt}'),
  ask('once.example.com', 'X-Original-URI: /', 'Authorization: Bearer {jwtNoId}'),
  ask('own.example.com', 'X-Original-URI: /?token={active}', 'Authorization: Bearer theirs'),
  ask('keyed.example.com', 'X-Original-URI: /', 'X-Api-Key: {active}'),
  ask('keyed.example.com', 'X-Original-URI: /', 'X-Api-Key: {active}', 'X-Api-Key: {staff}'),
  ask('keyed.example.com', 'X-Original-URI: /', 'X-Api-Key: {jwt}', 'Origin: https://evil.example'),
  ask('keyed.example.com', 'X-Original-URI: /', 'X-Api-Key: a b', 'Cookie: postern_token={active}'),
  ask('app.example.com', 'X-Original-URI: /', 'X-Api-Key: {active}'),
  ask('any.example.com', 'X-Original-URI: /?token={active}', 'X-Postern-Gate: named'),
];

function ask(host: string, ...lines: string[]): string {
  return [
    'GET 127.0.0.1',
    `Host: ${host}`,
    'X-Original-Method: GET',
    'X-Original-Upgrade: websocket',
    'X-Forwarded-Proto: https',
    ...lines,
  ].join('\n');
}

/** Words for mutations. */
export const words = [
  ...[...hosts, ...paths, ...origins, ...addresses, ...gates].filter((word) => word !== ''),
  ...Object.keys(usualLines).flatMap((name) => [name, `\n${name}: `]),
  ...[
    '{active}',
    '{ticket}',
    '{twice}',
    '{jwt}',
    '{session}',
    '{imported}',
    '{expired}',
    '{staff}',
  ],
  ...[
    '?token=',
    '&token=',
    '?ticket=',
    'Bearer ',
    'Basic ',
    'postern.bearer.',
    '\n!gone',
    '\n!odd',
  ],
  ...['postern_token=', '__Host-postern=', 'postern.bearer64.', 'postern, ', 'to%6ben=', '; '],
];

/** What the files of nginx tell of the location. */
function askedByFiles(random: Random, path: string): string[] {
  const name = random.oneIn(3) ? `/${random.pick(gates)}` : '';
  const location = random.oneIn(4) ? random.pick([...paths, 'unprintable', '']) : path;
  return [`X-Postern-Auth-URI: /.postern/auth${name}`, `X-Postern-Location-URI: ${location}`];
}

/** A request that could pass, or nearly. */
export function writeRequest(random: Random, names: readonly string[]): string {
  const credential = (form?: string) => {
    // Most of them are good ones, so that what else there is decides.
    const name = random.oneIn(2)
      ? random.pick(['active', 'jwt', 'session', 'imported'])
      : random.pick(names);
    const how = form ?? (random.oneIn(6) ? random.pick(Object.keys(forms)) : 'plain');
    return how === 'plain' ? `{${name}}` : `{${name}^${how}}`;
  };
  const host = random.pick(hosts);
  const path = random.oneIn(3) ? random.pick(paths) : '/ws';
  const isUpgrade = !random.oneIn(4);
  const places: readonly (() => string)[] = [
    () =>
      `Cookie: ${random.pick(['postern_token', '__Host-postern', 'listed_token'])}=${credential()}`,
    () => `Authorization: Bearer ${credential()}`,
    () => `X-Api-Key: ${credential()}`,
    () => `Authorization: Basic ${credential(random.pick(['basic', 'named', 'other']))}`,
    () => `Sec-WebSocket-Protocol: chat, postern.bearer.${credential()}`,
    () => `Sec-WebSocket-Protocol: postern.bearer64.${credential('base64url')}, postern`,
  ];
  const inQuery = random.oneIn(3);
  const query = inQuery ? `?${random.pick(['token', 'ticket', 'to%6ben'])}=${credential()}` : '';
  const lines = [
    `Host: ${host}`,
    `X-Original-URI: ${path}${query}`,
    `X-Original-Method: ${random.oneIn(5) ? random.pick(['POST', 'HEAD', 'OPTIONS']) : 'GET'}`,
    ...(isUpgrade ? [`X-Original-Upgrade: ${random.oneIn(9) ? 'h2c' : 'websocket'}`] : []),
    `X-Forwarded-Proto: https`,
    ...(random.oneIn(2) ? [`X-Real-IP: ${random.pick(addresses)}`] : []),
    ...(random.oneIn(9)
      ? [`X-Forwarded-For: ${random.pick(addresses)}, ${random.pick(addresses)}`]
      : []),
    ...(random.oneIn(3) ? [`Origin: ${random.pick(origins)}`] : [`Origin: https://${host}`]),
    ...(random.oneIn(8) ? [`X-Postern-Gate: ${random.pick(gates)}`] : []),
    ...(random.oneIn(3) ? askedByFiles(random, path) : []),
    ...(inQuery && !random.oneIn(5) ? [] : [random.pick(places)()]),
    ...(random.oneIn(9) ? [random.pick(places)()] : []),
    ...(random.oneIn(60) ? [random.pick(['!gone', '!odd'])] : []),
  ];
  const peer = random.oneIn(20)
    ? random.pick(['203.0.113.9', '::1', '-', '::ffff:127.0.0.1'])
    : '127.0.0.1';
  return [`GET ${peer}`, ...lines].join('\n');
}
