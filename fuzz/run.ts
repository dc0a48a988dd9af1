/**
 * Tries random inputs on everything that reads what strangers send, and on the decision itself, for
 * as long as one likes. What the rules are stands in fuzz/targets.
 *
 *   npm run fuzz                                     # a minute
 *   npm run fuzz -- --inputs 10_000_000
 *   npm run fuzz -- --target decision --target path --seconds 600 --seed 7
 *   npm run fuzz -- --save                           # keeps inputs that reached something new
 *   npm run fuzz -- --target path --replay fuzz/corpus/regressions/path/0123456789abcdef.json
 */
import { readFileSync } from 'node:fs';
import { print, printStderr } from '../src/cli/toolkit/output.ts';
import { fuzz } from './fuzz.ts';
import { type Options, readOptions } from './options.ts';
import { renderFailure, renderOutcomes } from './report.ts';
import { tryInput } from './target.ts';
import { registry } from './targets/index.ts';

const options = readCommandLine();
if (options.replay === undefined) await run();
else await replay(options.targets[0] ?? '', options.replay);

async function run(): Promise<void> {
  const { seed, targets, jobs } = options;
  printStderr(`seed ${seed}, ${targets.length} targets, ${jobs} at a time`);
  const startedAt = performance.now();
  const outcomes = await fuzz(
    { entries: registry, module: new URL('./targets/index.ts', import.meta.url).href },
    options,
    ({ target, inputs, failure }) =>
      printStderr(`${target}: ${inputs} inputs${failure === undefined ? '' : ', BROKEN'}`),
  );
  print(renderOutcomes(outcomes, performance.now() - startedAt));
  print(`seed ${seed}`);
  const broken = outcomes.filter(({ failure }) => failure !== undefined);
  for (const outcome of broken) print(`\n${renderFailure(outcome)}`);
  process.exitCode = broken.length > 0 ? 1 : 0;
}

async function replay(name: string, file: string): Promise<void> {
  const target = await registry[name]?.open();
  if (target === undefined) return;
  const tried = await tryInput(target, JSON.parse(readFileSync(file, 'utf8')) as string);
  await target.close?.();
  if ('outcome' in tried) return print(`it holds: ${tried.outcome}`);
  print(tried.fault instanceof Error ? tried.fault.stack : String(tried.fault));
  process.exitCode = 1;
}

function readCommandLine(): Options {
  try {
    return readOptions(process.argv.slice(2), Object.keys(registry));
  } catch (error) {
    printStderr(`fuzz: ${(error as Error).message}`);
    process.exit(2);
  }
}
