/**
 * Crash test: kills Postern under load, a thousand times, and checks that nothing it acknowledged is
 * lost:
 *
 *   npm run torture                          # 1,000 kills of one process
 *   npm run torture -- --kills 20
 *   npm run torture -- --workers 2           # kills one worker while the other runs, then both
 *   npm run torture -- --seed 42             # the same random choices; the timing differs
 *
 * Exits with 0 when all promises were kept, else with 1.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { print, printStderr } from '../src/cli/toolkit/output.ts';
import { packageRoot } from '../src/lib/resources.ts';
import { torture } from './torture.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(randomInt(2 ** 32)) },
    workers: { type: 'string', default: '1' },
  },
});
const interrupt = new AbortController();
process.on('SIGINT', () => interrupt.abort());
process.on('SIGTERM', () => interrupt.abort());

// Uses the build: it is what is shipped, and starts faster.
const build = spawnSync(process.execPath, [join(packageRoot, 'scripts/build.ts')], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (build.status !== 0) process.exit(1);

const directory = mkdtempSync(join(tmpdir(), 'postern-torture-'));
const seed = readNumber('seed', values.seed);
let told = 0;
const outcome = await torture({
  directory,
  seed,
  program: join(packageRoot, 'bin/postern.js'),
  kills: readNumber('kills', values.kills),
  workers: readNumber('workers', values.workers),
  signal: interrupt.signal,
  progress(kills) {
    if (kills < told + 100) return;
    told = kills - (kills % 100);
    printStderr(`${kills} kills`);
  },
});
const { kills, counts, violations, seconds } = outcome;
for (const violation of violations) printStderr(`broken: ${violation}`);
print(
  `${kills} kills in ${seconds.toFixed(0)} s, seed ${seed}, workers ${values.workers}: ` +
    `acknowledged ${counts.issued} issues, ${counts.revoked} revocations and ${counts.redeemed} redemptions; ` +
    `${counts.unanswered} requests without an answer; ${counts.checks} checks; ` +
    `${violations.length === 0 ? 'nothing lost' : `${violations.length} promises broken`}.`,
);
if (violations.length > 0) printStderr(`The store is kept: ${directory}`);
else rmSync(directory, { recursive: true, force: true });
process.exitCode = violations.length === 0 ? 0 : 1;

function readNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  printStderr(`torture: --${name} takes a whole number, not ${text}`);
  process.exit(2);
}
