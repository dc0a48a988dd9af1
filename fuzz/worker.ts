import { parentPort, workerData } from 'node:worker_threads';
import { runCampaign } from './campaign.ts';
import { readCorpus } from './corpus.ts';
import { startCoverage } from './coverage.ts';
import { openHeartbeat } from './heartbeat.ts';
import type { Report, Task } from './messages.ts';
import { minimise } from './minimise.ts';
import { faultKey, type Target, tryInput } from './target.ts';
import type { Registry } from './targets/index.ts';

const task = workerData as Task;
const report = (message: Report) => parentPort?.postMessage(message);
const heartbeat = openHeartbeat(task.memory);
// Before anything that is to be seen is loaded.
const coverage = startCoverage();
const { registry } = (await import(task.registry)) as { registry: Registry };

// What nobody awaits must not go unnoticed either.
let stray: unknown;
process.on('unhandledRejection', (error) => {
  stray ??= error;
});

const target = await openTarget(task.target);
const result = await runCampaign(target, {
  name: task.target,
  seed: task.seed,
  inputs: task.inputs,
  deadline: performance.now() + task.ms,
  corpus: readCorpus(task.target, task.corpus).map(({ input }) => input),
  coverage,
  begin: heartbeat.begin,
  takeStray() {
    const taken = stray;
    stray = undefined;
    return taken;
  },
});
const { failure } = result;
const smaller = failure && (await makeSmaller(failure.input, faultKey(failure.fault)));
await target.close?.();
report({
  target: task.target,
  inputs: result.inputs,
  ms: result.ms,
  outcomes: [...result.outcomes],
  interesting: result.interesting,
  failure: failure && { input: smaller ?? failure.input, words: describe(failure.fault) },
});

async function openTarget(name: string): Promise<Target> {
  const entry = registry[name];
  if (entry === undefined) throw new Error(`no target is called ${name}`);
  return entry.open();
}

/** Something like a quadratic regexp is too slow for that, and its input says enough as it is. */
function makeSmaller(input: string, key: string): Promise<string> {
  if (input.length > 16_384) return Promise.resolve(input);
  return minimise(input, async (smaller) => {
    heartbeat.begin(smaller);
    const tried = await tryInput(target, smaller);
    return 'fault' in tried && faultKey(tried.fault) === key;
  });
}

function describe(fault: unknown): string {
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
}
