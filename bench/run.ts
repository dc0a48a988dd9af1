/**
 * Measures the cost of auth_request with Postern through a real nginx, compared with other ways to protect
 * a location; then start-up time and idle memory of the service; then the store alone.
 *
 *   npm run bench                                # everything
 *   npm run bench -- tcp unix                    # some parts, such as "start" and "redeem"
 *   npm run bench -- store-lookup --large        # with ten million tokens (takes minutes)
 *   npm run bench -- growth --tokens 10000000    # the same for whole decisions
 *   npm run bench -- peer --peer 'other,http://127.0.0.1:4180/auth,Cookie: session=…'
 *                                                # compared with another auth service; repeatable
 *   … --peer-snippet other,/etc/nginx/other.conf # through nginx, with this file in the server block
 *   npm run bench -- --seconds 20 --rounds 5 --json out.json
 *   npm run bench -- --results                   # everything, and writes bench/RESULTS.md if the
 *                                                # machine was idle otherwise
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { print, printStderr } from '../src/cli/toolkit/output.ts';
import { packageRoot } from '../src/lib/resources.ts';
import { describeMachine } from './machine.ts';
import { baselinesOf, compareParts } from './part-figures.ts';
import { parts } from './parts.ts';
import { peerAsPart } from './peer/peer.ts';
import { readPeers } from './peer/peer-options.ts';
import { type Report, renderReport, renderResults } from './report.ts';
import { enoughQuietRounds, isQuiet, measureInRounds } from './rounds.ts';
import { measureStart } from './start.ts';
import type { Figure } from './store/figure.ts';
import { storeParts } from './store-parts.ts';
import { createTokenStore, tokenCount } from './token-store.ts';

const options = readOptions();
const interrupt = new AbortController();
// All servers are stopped on exit, so a signal only aborts.
process.on('SIGINT', () => interrupt.abort());
process.on('SIGTERM', () => interrupt.abort());

const directory = mkdtempSync(join(tmpdir(), 'postern-bench-'));
try {
  build();
  const report = await measure(interrupt.signal);
  print(`\n${renderReport(report)}`);
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.results) {
    checkQuiet(report);
    writeFileSync(join(import.meta.dirname, 'RESULTS.md'), renderResults(report));
  }
} catch (error) {
  if (interrupt.signal.aborted) {
    printStderr('interrupted');
    process.exitCode = 130;
  } else {
    printStderr(`bench failed: ${(error as Error).message}\nLogs are kept in ${directory}`);
    process.exit(1);
  }
}
rmSync(directory, { recursive: true, force: true });

async function measure(signal: AbortSignal): Promise<Report> {
  const { names, seconds, rounds, large, tokens, peers } = options;
  const surroundings = { isLarge: large, tokens, peers, announce: printStderr, signal };
  const figures: Figure[] = [];
  for (const { name, measure } of storeParts) {
    if (!names.includes(name)) continue;
    const own = mkdtempSync(join(directory, `${name}-`));
    figures.push(...(await measure({ ...surroundings, directory: own })));
    rmSync(own, { recursive: true });
  }
  const chosen = [
    ...parts.filter(({ name }) => names.includes(name)),
    ...(names.includes('peer') ? peers.map(peerAsPart) : []),
  ];
  if (chosen.length === 0 && !names.includes('start')) {
    return { machine: describeMachine(), seconds, rounds, parts: [], start: undefined, figures };
  }
  printStderr(`Issuing ${tokenCount} tokens …`);
  const store = await createTokenStore(directory, signal);
  let start: Report['start'];
  if (names.includes('start')) {
    for (let round = 1; round <= rounds && !(start && isQuiet(start)); round++) {
      printStderr('Starting and stopping …');
      start = await measureStart({ directory, store, signal });
    }
  }
  const series = await measureInRounds(chosen, {
    ...{ rounds, directory, store, seconds, signal },
    announce: printStderr,
  });
  figures.unshift(...compareParts(series));
  return { machine: describeMachine(), seconds, rounds, parts: series, start, figures };
}

/** Results that are kept must not come from a busy machine. */
function checkQuiet({ parts, start }: Report): void {
  const names = parts
    .filter(({ rounds }) => rounds.filter(isQuiet).length < enoughQuietRounds)
    .map(({ name }) => name);
  const noisy = [...(start && isQuiet(start) ? [] : ['start']), ...names];
  if (noisy.length === 0) return;
  throw new Error(`other programs disturbed ${noisy.join(', ')}: RESULTS.md stays as it was`);
}

/** Measures the current build, which is what users run. */
function build(): void {
  const { status, stderr, error } = spawnSync(
    process.execPath,
    [join(packageRoot, 'scripts', 'build.ts')],
    {
      cwd: packageRoot,
      encoding: 'utf8',
    },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
}

function readOptions() {
  const known = ['start', ...parts, ...storeParts].map((part) =>
    typeof part === 'string' ? part : part.name,
  );
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        seconds: { type: 'string', default: '5' },
        rounds: { type: 'string', default: '5' },
        json: { type: 'string' },
        results: { type: 'boolean', default: false },
        large: { type: 'boolean', default: false },
        tokens: { type: 'string', default: '1000000' },
        peer: { type: 'string', multiple: true, default: [] },
        'peer-snippet': { type: 'string', multiple: true, default: [] },
      },
    });
    const seconds = readCount('seconds', values.seconds, 600);
    const rounds = readCount('rounds', values.rounds, 99);
    const tokens = readCount('tokens', values.tokens, 100_000_000);
    const peers = readPeers(values.peer, values['peer-snippet']);
    const unknown = positionals.filter((name) => !known.includes(name));
    if (unknown.length > 0) {
      throw new Error(`no part is called ${unknown.join(', ')}; there are: ${known.join(', ')}`);
    }
    if (values.results && positionals.length + peers.length > 0) {
      throw new Error('--results is for a run of all parts, and of nothing else');
    }
    if (positionals.includes('peer') && peers.length === 0) {
      throw new Error('the part "peer" needs a --peer name,url,header…');
    }
    const names = positionals.length > 0 ? positionals : known;
    // Named peers are measured together with their baseline.
    const needed = [
      ...baselinesOf(positionals),
      ...(peers.length > 0 ? ['peer', 'none', 'tcp'] : []),
    ];
    return { ...values, seconds, rounds, tokens, peers, names: [...names, ...needed] };
  } catch (error) {
    printStderr(`bench: ${(error as Error).message}`);
    process.exit(2);
  }
}

function readCount(name: string, text: string, most: number): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new Error(`--${name} takes a whole number from 1 to ${most}`);
}
