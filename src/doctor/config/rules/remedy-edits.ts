import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { nginxFiles } from '../../../lib/resources.ts';
import { type Directive, parseFile } from '../../../proxies/nginx/syntax/index.ts';
import { remedy } from '../../remedy.ts';
import { appendTo, type Edit, insertAfter, insertInto } from '../edit.ts';
import type { Configuration } from '../model/configuration.ts';
import { isRedirect } from '../model/error-page.ts';
import { simulate } from '../model/request-simulation.ts';
import { handshake } from '../model/scenario.ts';
import { Scope } from '../model/scope.ts';

/** The path under which nginx would find the copied file. */
export function remedyPath({ files, isFragment }: Configuration): string {
  const main = files[0]?.source.name ?? '';
  const names = [main, ...files.map(({ source }) => source.name)];
  const isSwag = names.some((name) => name.startsWith('/config/nginx/'));
  if (isSwag) return `/config/nginx/${remedy.file}`;
  if (main === 'stdin' || (isFragment && main.startsWith('/etc/nginx/'))) {
    return `/etc/nginx/${remedy.file}`;
  }
  // nginx looks up relative names beside the main file.
  return posix.join(posix.dirname(main), remedy.file);
}

/**
 * Edits that copy the file and include it in a location, at the first place where the simulation
 * redirects no denied handshake any more; none where there is no such place.
 */
export function includeRemedyIn(configuration: Configuration, location: Scope): readonly Edit[] {
  const { directive } = location;
  if (directive === undefined || directive.words.length === 0) return [];
  const path = remedyPath(configuration);
  const text = readFileSync(join(nginxFiles, 'fixes', remedy.file), 'utf8');
  const { directives } = parseFile({ name: path, text });
  const signOn = lineOfSignOn(configuration, location);
  const { length: last } = location.directives;
  const below = signOn === undefined ? [] : [signOn.index];
  // An "if" that matches after the file's takes over, so the file may have to stand behind it.
  const places = [below, [0], [last], [...below, last]].filter(({ length }) => length > 0);
  const chosen = places.find((indices) => mends(configuration, location, directives, indices));
  if (chosen === undefined) return [];
  const line = `include ${path};`;
  const includes = chosen.map((index) => {
    if (index === 0) return insertInto(directive, line);
    return index === signOn?.index ? insertAfter(signOn.line, line) : appendTo(directive, line);
  });
  const known = configuration.files.some(({ source }) => source.name === path);
  return known
    ? includes
    : [...includes, { source: { name: path, text: '' }, start: 0, end: 0, text }];
}

/**
 * The line by which the sign-on comes into a location, as it is written there, and how many of the
 * expanded directives it brings or stands behind.
 */
function lineOfSignOn(
  { files }: Configuration,
  location: Scope,
): { line: Directive; index: number } | undefined {
  const index = location.directives.findLastIndex(
    ({ name, args }) =>
      name === 'auth_request' || (name === 'error_page' && args.slice(0, -1).includes('401')),
  );
  const last = location.directives[index];
  if (last === undefined) return undefined;
  const { source } = location.directive ?? last;
  if (last.source === source) return { line: last, index: index + 1 };
  // The include was replaced by what it brought; the file itself still has it.
  const file = files.find((one) => one.source.name === source.name);
  const written = file === undefined ? undefined : findWritten(file.directives, location);
  const line = written?.block?.directives.find(
    ({ name, args }) =>
      name === 'include' && posix.basename(args[0] ?? '') === posix.basename(last.source.name),
  );
  if (line === undefined) return undefined;
  const end = location.directives.findLastIndex((one) => one.source === last.source);
  return { line, index: end + 1 };
}

function findWritten(directives: readonly Directive[], location: Scope): Directive | undefined {
  const start = location.directive?.words[0]?.start;
  for (const one of directives) {
    if (one.words[0]?.start === start && one.name === 'location') return one;
    const inner = one.block === undefined ? undefined : findWritten(one.block.directives, location);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** True where the location with the lines of the file at some indices redirects no denied handshake. */
function mends(
  configuration: Configuration,
  { directives, parent, directive }: Scope,
  lines: readonly Directive[],
  indices: readonly number[],
): boolean {
  const all = [...directives, undefined].flatMap((one, index) => [
    ...(indices.includes(index) ? lines : []),
    ...(one === undefined ? [] : [one]),
  ]);
  const mended = new Scope('location', all, parent, directive);
  const outcomes = simulate(configuration, mended, handshake, 'deny');
  return outcomes.every(
    (one) => one.kind !== 'unknown' && !(one.kind === 'answered' && isRedirect(one.status)),
  );
}
