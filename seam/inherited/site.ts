import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultBundleOptions } from '../../src/proxies/nginx/bundle-options.ts';
import { startNginx } from '../../src/proxies/nginx/process.ts';
import { renderBundle } from '../../src/proxies/nginx/render.ts';
import {
  type Case,
  caseOf,
  type Places,
  type Plant,
  renderHttp,
  renderServer,
} from './configuration.ts';
import { type Outcome, secret } from './judge.ts';
import { denyingVerdicts, type Request, renderRequest, send } from './requests.ts';
import { type Sample, samples } from './samples.ts';
import { type Services, startServices } from './services.ts';

/** What became of a batch. */
export interface Trial {
  readonly outcomes: readonly Outcome[];
  /** What arrived at the auth service and is no question of nginx's. */
  readonly strange: readonly string[];
}

/** Server blocks of one nginx. */
export const batchSize = 120;

/** Requests at a time, of those whose auth service answers. */
const atATime = 48;

/** An nginx program, a directory for it, and all that it may reach. */
export interface Site {
  readonly program: string;
  readonly directory: string;
  readonly places: (port: number) => Places;
  readonly services: Services;
  batches: number;
}

/** Makes what a site needs. */
export async function openSite(program: string): Promise<Site> {
  const services = await startServices();
  const directory = mkdtempSync(join(tmpdir(), 'postern-inherited-'));
  const files = new Map(
    [false, true].map((cache) => [
      cache,
      renderBundle('plain', {
        ...defaultBundleOptions,
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
  return { program, directory, places, services, batches: 0 };
}

export async function closeSite({ services, directory }: Site): Promise<void> {
  await services.close();
  rmSync(directory, { recursive: true, force: true });
}

/** Samples that this nginx takes: some know of no image_filter, others of no more_set_headers. */
export function findUsable(site: Site): Sample[] {
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

/** Starts an nginx with the server blocks of these cases, and sends each its requests. */
export async function tryBatch(site: Site, cases: readonly Case[], plant?: Plant): Promise<Trial> {
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
    const response = await send(
      nginx.port,
      renderRequest(request, host, id, old),
      patienceFor(request),
    );
    return { one, request, id, response, asked: 0, served: [] };
  };
  try {
    await waitForOurs(nginx.port, site.directory);
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

/** Waits until nobody else has the port: it was free when it was chosen, and others choose theirs too. */
async function waitForOurs(port: number, directory: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const text = 'GET / HTTP/1.1\r\nHost: nobody.test\r\nConnection: close\r\n\r\n';
    if ((await send(port, text, 1_000)).body.includes(directory)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`another program has port ${port}`);
}

/** Who announces more than comes waits for nothing where nobody asks first. */
const patienceFor = ({ kind }: Request) => (kind === 'lie' ? 4_000 : 9_000);

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
