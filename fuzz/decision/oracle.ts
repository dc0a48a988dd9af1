import { posix } from 'node:path';
import { type Head, trim } from '../head.ts';
import { expect } from '../target.ts';
import { usualAddress } from '../usual-address.ts';
import type { IssuedCredential } from './credentials.ts';
import { type Place, places } from './places.ts';

/** An answer that let through. */
export interface Admission {
  readonly head: Head;
  /** The gate, as the log says. */
  readonly gate: string;
  /** `Remote-User`. */
  readonly subject: string;
}

/**
 * Whether it was right to let somebody through, found out by other means than the service has: by
 * what was issued, and by its own simple reading of the request, which takes more for granted than
 * the service may. Throws Broken.
 */
export function checkAdmission(
  { head, gate, subject }: Admission,
  bySubject: (subject: string) => IssuedCredential | undefined,
): void {
  const lines = linesOf(head);
  const place = places[gate];
  expect(place !== undefined, 'who is let in is at a gate', gate);
  checkPlace(lines, gate, place);
  const peer = head.socket.remoteAddress;
  const isProxy = peer === undefined || /^127\.|^::1$/.test(usualAddress(peer));
  expect(isProxy, 'only a trusted proxy is answered', peer);
  const upgrades = [...lines('x-original-upgrade'), ...lines('upgrade')];
  const method = [...lines('x-original-method'), ...lines('x-forwarded-method'), head.method][0];
  for (const upgrade of upgrades) {
    expect(/^websocket$/i.test(upgrade), 'only websocket is upgraded to', upgrade);
    expect(method === 'GET', 'a handshake is a GET', method);
  }
  const addresses = [...lines('x-real-ip'), ...lines('x-forwarded-for').flatMap(splitList)];
  const from = addresses.map(usualAddress);
  if (place.admits !== undefined) {
    expect(from.some(place.admits), 'the network may connect', from);
  }
  const page = { isUpgrade: upgrades.length > 0, origin: lines('origin')[0], host: hostOf(lines) };
  const paths = uris(lines).flatMap(readingsOf);
  if (subject === '') {
    const asked = [...paths, ...locationPaths(lines)];
    const isOpen = asked.every((path) => place.open?.(method ?? 'GET', path) === true);
    expect(isOpen, 'nobody is let in at a public place only', { gate, paths });
    return;
  }
  checkListed(place, page);
  if (subject === 'trusted-network') {
    expect(place.trusts !== undefined && from.some(place.trusts), 'the network is trusted', from);
    if (page.origin !== undefined) checkOrigin(place, page);
    return;
  }
  const issued = bySubject(subject);
  expect(issued !== undefined, 'who is let in is somebody', subject);
  checkIssued(issued, { gate, place, from, paths, origin: page.origin, page });
  const source = presentedIn(issued, place, lines);
  expect(source !== undefined, 'a good secret stands where the gate looks first', {
    subject,
    gate,
  });
  const isAmbient = source === 'cookie' && page.isUpgrade;
  if (isAmbient || (source === 'cookie' && page.origin !== undefined)) checkOrigin(place, page);
  if (source === 'basic' && page.origin !== undefined) checkOrigin(place, page);
}

interface Page {
  readonly isUpgrade: boolean;
  readonly origin: string | undefined;
  readonly host: string;
}

type Lines = (name: string) => string[];

/** Values of a header that are not empty, whatever case its name is in. */
function linesOf({ rawHeaders }: Head): Lines {
  return (wanted) =>
    rawHeaders.filter(
      (value, i) => i % 2 === 1 && value !== '' && rawHeaders[i - 1]?.toLowerCase() === wanted,
    );
}

function checkPlace(lines: Lines, gate: string, place: Place): void {
  const asked = lines('x-postern-auth-uri');
  const named = asked.map((uri) => /^\/\.postern\/auth(?:\/(.+))?$/.exec(uri));
  expect(!named.includes(null), 'nginx asks where it is told to', asked);
  const names = [...lines('x-postern-gate'), ...named.flatMap((match) => match?.[1] ?? [])];
  if (names.length > 0) {
    expect(
      names.every((name) => name === gate),
      'nginx named the gate',
      { gate, names },
    );
    return;
  }
  expect(place.host !== undefined, 'a gate without a place has to be named', gate);
  const host = hostOf(lines);
  expect(place.host.test(host), 'the gate is at that host', { gate, host });
  const isTold = asked.length === 0 || lines('x-postern-location-uri').length > 0;
  expect(isTold, 'a location that names no gate tells its path', asked);
  const room = gate === 'app' && host === 'app.example.com' ? places.room?.path : undefined;
  const sent = uris(lines).flatMap(readingsOf);
  const rewritten = locationPaths(lines);
  for (const path of [...sent, ...rewritten]) {
    expect(place.path?.test(path) ?? true, 'the gate is at that path', { gate, path });
    expect(!room?.test(path), 'the narrower gate is the one', { gate, path });
  }
}

function checkListed({ origins }: Place, page: Page): void {
  if (origins === undefined || (!page.isUpgrade && page.origin === undefined)) return;
  expect(origins.test(page.origin ?? ''), 'the origin is listed', page.origin);
}

function checkOrigin({ origins }: Place, { origin = '', host }: Page): void {
  const name = /^https?:\/\/([^/:@]+?)\.?(?::\d+)?$/i.exec(origin)?.[1]?.toLowerCase();
  const isSame = name === host && origins === undefined;
  expect(isSame || origins?.test(origin) === true, 'a cookie needs a page of ours', origin);
}

function checkIssued(
  issued: IssuedCredential,
  at: {
    gate: string;
    place: Place;
    from: string[];
    paths: string[];
    origin: string | undefined;
    page: Page;
  },
): void {
  const { subject, bounds, kind } = issued;
  const { gate, place, from, paths, origin, page } = at;
  expect(issued.good, 'what is no good is not taken', subject);
  expect(issued.uses === undefined || issued.uses > 0, 'what is used up is not taken', subject);
  const { gates, paths: below, networks, origins } = bounds;
  expect(gates?.includes(gate) ?? true, 'the token is for that gate', { subject, gate });
  if (below !== undefined) {
    const isIn = paths.every((path) => below.some((one) => `${path}/`.startsWith(`${one}/`)));
    expect(isIn, 'the token is for that path', { subject, paths });
  }
  const isLocal = (address: string) => address.startsWith('192.168.');
  expect(networks === undefined || from.some(isLocal), 'the token is for that network', from);
  if (origins !== undefined && (page.isUpgrade || origin !== undefined)) {
    const isIn = origins.some((one) => origin?.toLowerCase().replace(/\.?(?::443)?$/, '') === one);
    expect(isIn, 'the token is for that origin', origin);
  }
  expect(place.kinds?.includes(kind) ?? true, 'the gate takes that kind', { gate, kind });
  const isMember = place.groups === undefined || issued.groups.includes(place.groups);
  expect(isMember, 'the gate takes that group', { gate, subject });
  expect(!place.once || issued.jti === true, 'what is good once can be told from others', subject);
}

/** The first of the gate's sources that holds anything, if all that it holds is this secret. */
function presentedIn(issued: IssuedCredential, place: Place, lines: Lines): string | undefined {
  for (const source of place.looks) {
    const values = readers[source](place, lines, issued.subject);
    if (values.length === 0) continue;
    return values.every((value) => value === issued.secret) ? source : undefined;
  }
  return undefined;
}

type Reader = (place: Place, lines: Lines, subject: string) => string[];

/** What is presented in each place, decoded, as far as a simple mind can tell. */
const readers: Readonly<Record<Place['looks'][number], Reader>> = {
  query: ({ queries }, lines) =>
    uris(lines)
      .flatMap((uri) => /^[^?#]*\?([^#]*)/.exec(uri)?.[1]?.split('&') ?? [])
      .filter((pair) => queries.includes(decode(pair.split('=')[0] ?? '')))
      .map((pair) => decode(pair.split('=').slice(1).join('=')))
      .filter((value) => value !== ''),
  cookie: ({ cookies }, lines) => {
    const pairs = lines('cookie')
      .flatMap((line) => line.split(';'))
      .map((pair) => [pair.split('=')[0], pair.split('=').slice(1).join('=')] as const);
    for (const name of cookies) {
      const values = pairs
        .filter(([own]) => trim(own ?? '') === name)
        .map(([, value]) => decode(trim(value).replace(/^"(.*)"$/, '$1')))
        .filter((value) => value !== '');
      if (values.length > 0) return values;
    }
    return [];
  },
  bearer: (_place, lines) =>
    lines('authorization').flatMap((line) => /^ *bearer +([^ ]+) *$/i.exec(line)?.[1] ?? []),
  basic: (_place, lines, subject) =>
    lines('authorization').flatMap((line) => {
      const encoded = /^ *basic +([^ ]+) *$/i.exec(line)?.[1];
      if (encoded === undefined) return [];
      const [user, ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
      return user === 'token' || user === subject ? [rest.join(':')] : ['somebody else'];
    }),
  api_key: (_place, lines) =>
    lines('x-api-key')
      .map(trim)
      .filter((value) => value !== ''),
  subprotocol: (_place, lines) =>
    lines('sec-websocket-protocol')
      .flatMap(splitList)
      .flatMap((name) => {
        const [, encoding, value] = /^postern\.bearer(64)?\.(.*)$/.exec(name) ?? [];
        if (value === undefined) return [];
        return [encoding === undefined ? value : Buffer.from(value, 'base64url').toString()];
      }),
};

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function splitList(line: string): string[] {
  return line.split(',').map((part) => part.trim());
}

function uris(lines: Lines): string[] {
  const urls = lines('x-original-url').map((url) => url.replace(/^[a-z]+:\/\/[^/?#]*/i, ''));
  return [...lines('x-original-uri'), ...lines('x-forwarded-uri'), ...urls];
}

/** The path by which nginx chose the location, in all readings. */
function locationPaths(lines: Lines): string[] {
  return lines('x-postern-location-uri').flatMap((uri) => readingsOf(uri.replaceAll('%', '%25')));
}

/**
 * What the software behind nginx may make of a target: nginx itself, routers that decode or do not, URL
 * parsers, file servers, servlets. By Node's posix paths.
 */
function readingsOf(uri: string): string[] {
  expect(!uri.includes('#'), 'a target has no fragment', uri);
  const [raw = ''] = uri.split('?');
  const sent = raw === '' ? '/' : raw;
  const decoded = decodeBytes(sent);
  return [sent, decoded, decodeBytes(decoded)].flatMap((text) => {
    const slashed = text.replaceAll('\\', '/');
    const bare = slashed.replaceAll(/[;?][^/]*/g, '');
    return [text, slashed, bare].flatMap((one) => [one, posix.normalize(one), one.toLowerCase()]);
  });
}

function decodeBytes(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number(`0x${hex}`)));
}

function hostOf(lines: Lines): string {
  const [host = ''] = [...lines('host'), ...lines('x-forwarded-host')];
  return host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
}
