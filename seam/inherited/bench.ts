import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '../../fuzz/random.ts';
import { usualKitOptions } from '../../src/nginx/kit-options.ts';
import { startNginx } from '../../src/nginx/process.ts';
import { renderKit } from '../../src/nginx/render.ts';
import {
  type Case,
  drawCase,
  drawHttp,
  type Places,
  renderHttp,
  renderServer,
} from './configuration.ts';
import { findFault, isAdmitted, type Outcome, secret } from './judge.ts';
import { denyingVerdicts, type Request, renderRequest, send } from './requests.ts';
import { type Sample, samples } from './samples.ts';
import { type Services, startServices } from './services.ts';

/** What cases came to, as the command that tries properties wants it. */
export interface Findings {
  readonly cases: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly broken: readonly {
    readonly key: string;
    readonly words: string;
    readonly text: string;
  }[];
}

/** Changes the text of postern-server.conf, and where it stands among the lines of a case. */
export type Plant = (text: string, lines: string) => string;

/** A change of the files that must be found out, and lines with which it can be. */
export interface Hole {
  readonly name: string;
  readonly plant: Plant;
  readonly lines: readonly string[];
  /** Request kinds that show it. */
  readonly kinds?: readonly Request['kind'][];
}

const without = (pattern: RegExp): Plant => {
  return (text, lines) => {
    const less = text.replace(pattern, '');
    if (less === text) throw new Error(`nothing matches ${pattern}`);
    return `${less}\n${lines}`;
  };
};

/** The holes that there were: what keeps them shut is taken away, and the property must break. */
export const holes: readonly Hole[] = [
  {
    name: 'the auth location inherits error pages',
    plant: without(/error_page 599 \/;/),
    lines: ['error_page 500 502 503 504 = /x;'],
  },
  {
    name: 'the auth location inherits a body',
    plant: without(/proxy_set_body "";/),
    lines: ['proxy_set_body "GET /auth HTTP/1.1\\r\\nHost: app.test\\r\\n\\r\\n";'],
  },
  {
    name: 'the auth location inherits a body limit',
    plant: without(/client_max_body_size 0;/),
    lines: ['client_max_body_size 1k;'],
    kinds: ['upload'],
  },
  {
    name: 'rewrites of the server answer the subrequest',
    plant: without(/if \(\$uri ~ "[^\n]*\n {4}break;\n\}/),
    lines: ['rewrite ^/\\.postern/auth.* /x last;'],
  },
  {
    name: 'the server file stands behind rewrites',
    plant: (text, lines) => `${lines}\n${text}`,
    lines: ['if ($uri ~ "auth") { return 200 "yes"; }'],
  },
  {
    name: 'the auth location takes an address that is not there',
    plant: without(/proxy_bind off;/),
    lines: ['proxy_bind 192.0.2.1;'],
  },
  {
    name: 'sign-in inherits error pages',
    plant: (text, lines) =>
      `${text.replace(/(location \^~ \/\.postern\/ \{[\s\S]*?)error_page 599 \/;/, '$1')}\n${lines}`,
    lines: ['error_page 500 502 503 504 = @app;'],
    kinds: ['sign-in'],
  },
  {
    name: 'sign-in inherits a list of hidden headers',
    plant: without(/proxy_hide_header X-Postern-None;/),
    lines: [
      'proxy_hide_header Remote-User; proxy_hide_header X-Postern-Status; proxy_hide_header Set-Cookie;',
    ],
    kinds: ['sign-in'],
  },
  {
    name: 'pages of the server serve what was refused',
    plant: without(/rewrite \^ \/\.postern\/refused\?;/),
    lines: ['recursive_error_pages on;', 'error_page 403 404 429 503 = @sorry;'],
    kinds: ['file'],
  },
];

/** What became of a batch. */
export interface Trial {
  readonly outcomes: readonly Outcome[];
  /** What arrived at the auth service and is no question of nginx's. */
  readonly strange: readonly string[];
}

/** Server blocks of one nginx. */
const batchSize = 120;

/** Requests at a time, of those whose auth service answers. */
const atATime = 48;

export interface InheritedBench {
  /** Tries that each hole is found where it is planted, and nothing where none is. */
  check(): Promise<void>;
  /** Every sample for itself, and with error pages that count twice. */
  tryKnown(): Promise<Findings>;
  run(random: Random, cases: number): Promise<Findings>;
  replay(text: string): Promise<Findings>;
  /** Tries these cases with these files. */
  tryCases(cases: readonly Case[], plant?: Plant): Promise<Trial>;
  /** Samples that this nginx takes. */
  readonly usable: readonly Sample[];
  close(): Promise<void>;
}

/** What makes a case of lines alone. */
export function caseOf(lines: readonly string[], rest: Partial<Case> = {}): Case {
  return { mode: 'up', cache: false, login: false, recursive: false, http: [], lines, ...rest };
}

/**
 * A site whose server blocks say random things around the shipped files: a request passes by Postern's word
 * alone, whatever they say.
 */
export async function openInherited({
  program = '/usr/sbin/nginx',
}: {
  readonly program?: string;
} = {}): Promise<InheritedBench> {
  const services = await startServices();
  const directory = mkdtempSync(join(tmpdir(), 'postern-inherited-'));
  const files = new Map(
    [false, true].map((cache) => [
      cache,
      renderKit('plain', {
        ...usualKitOptions,
        cache: cache ? { path: join(directory, 'answers'), ttl: 10_000 } : undefined,
      }),
    ]),
  );
  const places = (port: number): Places => ({
    port,
    directory,
    backend: services.backend,
    gates: services.gates,
    kit: (name, cache) => (files.get(cache)?.get(name) ?? '').replaceAll(/^#.*\n/gm, ''),
  });
  for (const name of ['protected/files', 'open', 'servers', 'store']) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  writeFileSync(join(directory, 'protected/files/secret.txt'), secret);
  writeFileSync(join(directory, 'open/page.html'), 'a page of the server');
  writeFileSync(join(directory, 'passwords'), 'bob:{PLAIN}secret\n');
  const site: Site = { program, directory, places, services, batches: 0 };
  const usable = findUsable(site);

  const tryCases = (cases: readonly Case[], plant?: Plant) => tryBatch(site, cases, plant);
  const look = async (cases: readonly Case[]) => findingsOf(cases, await tryCases(cases));

  return {
    usable,
    tryCases,
    check: async () => {
      for (const hole of holes) {
        const cases = casesFor(hole);
        const planted = findingsOf(cases, await tryCases(cases, hole.plant));
        if (planted.broken.length === 0) throw new Error(`not found: ${hole.name}`);
        const { broken } = findingsOf(cases, await tryCases(cases));
        if (broken[0] !== undefined) throw new Error(`${hole.name}: ${broken[0].words}`);
      }
    },
    tryKnown: () => {
      const cases = usable.flatMap(({ line }) =>
        (['up', 'down'] as const).flatMap((mode) => [
          caseOf([line], { mode }),
          caseOf([line], { mode, recursive: true, cache: true }),
        ]),
      );
      return inBatches(cases, look);
    },
    run: (random, count) => {
      const batches = Array.from({ length: Math.ceil(count / batchSize) }, (_, index) => {
        const http = drawHttp(random, usable);
        const size = Math.min(batchSize, count - index * batchSize);
        return Array.from({ length: size }, () => drawCase(random, usable, http));
      });
      return inBatches(batches.flat(), look);
    },
    replay: (text) => look([JSON.parse(text) as Case]),
    close: async () => {
      await services.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Cases in which a hole shows. */
export function casesFor({ lines }: Hole): Case[] {
  // As many as there are ways to deny.
  return (['up', 'down'] as const).flatMap((mode) =>
    denyingVerdicts.map(() => caseOf(lines, { mode })),
  );
}

async function inBatches(
  cases: readonly Case[],
  look: (batch: readonly Case[]) => Promise<Findings>,
): Promise<Findings> {
  const outcomes = new Map<string, number>();
  const broken: Findings['broken'][number][] = [];
  for (let from = 0; from < cases.length; from += batchSize) {
    const found = await look(cases.slice(from, from + batchSize));
    for (const [name, count] of found.outcomes)
      outcomes.set(name, (outcomes.get(name) ?? 0) + count);
    broken.push(...found.broken);
  }
  return { cases: cases.length, outcomes, broken };
}

interface Site {
  readonly program: string;
  readonly directory: string;
  readonly places: (port: number) => Places;
  readonly services: Services;
  batches: number;
}

/** Samples that this nginx takes: some know of no image_filter, others of no more_set_headers. */
function findUsable(site: Site): Sample[] {
  const cases = samples.map(({ line }) => caseOf([line]));
  const taken = writeServers(site, cases, 1);
  return samples.filter((_, index) => taken.has(index));
}

/** Writes server blocks, and removes those that nginx refuses. Returns the places in the list of those that stay. */
function writeServers(
  site: Site,
  cases: readonly Case[],
  port: number,
  plant?: Plant,
): Set<number> {
  const { directory } = site;
  const servers = join(directory, 'servers');
  rmSync(servers, { recursive: true, force: true });
  mkdirSync(servers);
  const places = site.places(port);
  const kept = new Set(cases.keys());
  for (const [index, one] of cases.entries()) {
    writeFileSync(join(servers, `${index}.conf`), renderServer(one, nameOf(index), places, plant));
  }
  const http = (list: string) => renderHttp(cases[0]?.http ?? [], places, list);
  const offender = (among: readonly number[]): number | undefined => {
    const words = complaint(site, http, among);
    if (words === undefined) return undefined;
    const named = /servers\/(\d+)\.conf/.exec(words)?.[1];
    if (named !== undefined) return Number(named);
    // What does not fit together nginx tells without a place.
    const half = among.slice(0, Math.ceil(among.length / 2));
    if (half.length === among.length) return among[0] ?? giveUp(words);
    return offender(half) ?? offender(among.slice(half.length));
  };
  for (;;) {
    const index = offender([...kept]);
    if (index === undefined) return kept;
    kept.delete(index);
    rmSync(join(servers, `${index}.conf`));
  }
}

function giveUp(words: string): never {
  throw new Error(`nginx takes none of it: ${words}`);
}

/** What nginx says against some of the server blocks; undefined when it takes them. */
function complaint(
  { directory, program }: Site,
  http: (servers: string) => string,
  among: readonly number[],
): string | undefined {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(directory, `temp-${name}`)};`,
  );
  const list = join(directory, 'list.conf');
  writeFileSync(
    list,
    among.map((index) => `include ${join(directory, 'servers', `${index}.conf`)};`).join('\n'),
  );
  const file = join(directory, 'try.conf');
  writeFileSync(
    file,
    `pid ${directory}/try.pid; error_log /dev/null; events {} http { ${temporary.join(' ')} ${http(list)} }`,
  );
  const args = ['-t', '-q', '-p', directory, '-c', file, '-e', 'stderr'];
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return stderr.split('\n').find((line) => line.includes('[emerg]')) ?? stderr;
}

const nameOf = (index: number) => `c${index}.test`;

async function tryBatch(site: Site, cases: readonly Case[], plant?: Plant): Promise<Trial> {
  let kept = new Set<number>();
  const nginx = await startNginx({
    directory: site.directory,
    program: site.program,
    http: (port) => {
      kept = writeServers(site, cases, port, plant);
      return renderHttp(
        cases[0]?.http ?? [],
        site.places(port),
        join(site.directory, 'servers/*.conf'),
      );
    },
  });
  const batch = site.batches++;
  const jobs = [...kept].flatMap((index) => {
    const one = cases[index] ?? caseOf([]);
    return requestsOf(one, batch + index).map((request, number) => ({
      one,
      request,
      host: nameOf(index),
      id: `c${batch * batchSize + index}r${number}`,
      old: (batch + index) % 3 === 0,
    }));
  });
  const ask = async ({ one, request, host, id, old }: (typeof jobs)[number]): Promise<Outcome> => {
    const response = await send(nginx.port, renderRequest(request, host, id, old));
    return { one, request, id, response, asked: 0, served: [] };
  };
  try {
    const strangeBefore = site.services.strange.length;
    const slow = Promise.all(jobs.filter(({ one }) => one.mode === 'hung').map(ask));
    const quick = await withLimit(
      jobs.filter(({ one }) => one.mode !== 'hung'),
      ask,
    );
    const outcomes = [...quick, ...(await slow)].map((outcome) => ({
      ...outcome,
      asked: site.services.asked.get(outcome.id) ?? 0,
      served: site.services.served.get(outcome.id) ?? [],
    }));
    return { outcomes, strange: site.services.strange.slice(strangeBefore) };
  } finally {
    await nginx.close();
  }
}

/** What each server block is asked. */
function requestsOf(one: Case, turn: number): Request[] {
  const verdict = (offset: number) =>
    denyingVerdicts[(turn + offset) % denyingVerdicts.length] ?? '401';
  const bodies = (['post', 'chunked', 'lie', 'upload'] as const)[turn % 4] ?? 'post';
  const denied = (['handshake', 'page', 'file', bodies] as const).map(
    (kind, index): Request => ({ kind, verdict: verdict(index) }),
  );
  if (one.mode === 'hung') return denied.slice(turn % 2, (turn % 2) + 2);
  const admitted = (
    ['handshake', 'page', 'file', turn % 2 === 0 ? 'upload' : 'chunked'] as const
  ).map((kind): Request => ({ kind, verdict: 'allow' }));
  return [...denied, ...admitted, { kind: 'sign-in', verdict: '401' }];
}

async function withLimit<T, R>(list: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let item = list[next++]; item !== undefined; item = list[next++]) {
      results.push(await work(item));
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return results;
}

/** What a batch comes to. */
export function findingsOf(cases: readonly Case[], { outcomes, strange }: Trial): Findings {
  const counts = new Map<string, number>();
  const broken = new Map<string, Findings['broken'][number]>();
  for (const outcome of outcomes) {
    const { one, request, response } = outcome;
    const word = isAdmitted(outcome) ? 'let in' : 'denied';
    const name = `${request.kind}, ${word}: ${response.status}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const fault = findFault(outcome);
    if (fault === undefined) continue;
    const words = `${request.kind} (${request.verdict}, ${one.mode}) ${fault}: ${[...one.http, ...one.lines].join(' ')}`;
    broken.set(words, { key: fault, words, text: JSON.stringify(one) });
  }
  const [what] = strange;
  if (what !== undefined) {
    // nginx mixes the connections of all server blocks, so the case is not known.
    const words = `${strange.length} times something else than a question arrived: ${what}`;
    broken.set(words, { key: 'no question', words, text: JSON.stringify(cases[0]) });
  }
  return { cases: cases.length, outcomes: counts, broken: [...broken.values()] };
}
