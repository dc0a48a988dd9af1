import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { LoadedConfiguration } from '../../proxies/nginx/syntax/index.ts';

/** What `nginx -t` says about copies of a configuration. */
export interface NginxTest {
  /** What nginx does not take about a changed copy; undefined where it takes it. */
  check(changed: ReadonlyMap<string, string>): string | undefined;
}

/**
 * Tries a configuration with the nginx of this machine. Undefined where that says nothing about the
 * changes: there is no nginx, or it does not take the configuration as it is.
 */
export function prepareNginxTest(
  main: string,
  { files, missing }: LoadedConfiguration,
): NginxTest | undefined {
  if (missing.length > 0) return undefined;
  const texts = new Map(files.map(({ source }) => [source.name, source.text]));
  const hasPid = files.some(({ directives }) => directives.some(({ name }) => name === 'pid'));
  const run = (changed: ReadonlyMap<string, string>) =>
    testCopy(main, new Map([...texts, ...changed]), hasPid);
  const asItIs = run(new Map());
  return asItIs === undefined ? { check: run } : undefined;
}

/** More waiting than that is not for a test of a configuration. */
const timeoutMs = 20_000;

function testCopy(
  main: string,
  texts: ReadonlyMap<string, string>,
  hasPid: boolean,
): string | undefined {
  const copy = mkdtempSync(join(tmpdir(), 'postern-doctor-'));
  try {
    const base = dirname(resolve(main));
    const absolute = new Map([...texts].map(([name, text]) => [resolve(name), text]));
    for (const directory of new Set([...absolute.keys()].map(dirname))) {
      mirror(copy, directory, absolute);
    }
    for (const [name, text] of absolute) {
      writeFileSync(join(copy, name), redirectIncludes(text, copy, base), { mode: 0o600 });
    }
    const { status, stderr, error } = spawnSync(
      'nginx',
      // The usual place of the process id is not for everybody to write.
      [
        ...['-t', '-q', '-c', join(copy, resolve(main))],
        ...(hasPid ? [] : ['-g', `pid ${join(copy, 'pid')};`]),
      ],
      { encoding: 'utf8', timeout: timeoutMs, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    if (error !== undefined) return error.message;
    if (status === 0) return undefined;
    const line = /\[emerg\][^\n]*/.exec(stderr)?.[0] ?? stderr.split('\n')[0] ?? '';
    return `nginx -t: ${line.replaceAll(copy, '')}`;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Files beside those of the configuration, such as certificates, are linked. */
function mirror(copy: string, directory: string, texts: ReadonlyMap<string, string>): void {
  mkdirSync(join(copy, directory), { recursive: true });
  for (const entry of list(directory)) {
    const path = join(directory, entry);
    const isOurs = [...texts.keys()].some((name) => name === path || name.startsWith(`${path}/`));
    if (isOurs) continue;
    try {
      symlinkSync(path, join(copy, path));
    } catch {
      // It is there already: another directory brought it.
    }
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Lets includes name the copies. nginx looks up relative ones beside the main file. */
function redirectIncludes(text: string, copy: string, base: string): string {
  return text.replace(
    /(^|[;{}\s])(include\s+)(["']?)([^\s"';]+)(\3\s*;)/g,
    (_all, before: string, word: string, quote: string, path: string, end: string) =>
      `${before}${word}${quote}${join(copy, resolve(base, path))}${end}`,
  );
}
