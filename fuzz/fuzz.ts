import { corpusDirectory, keepInput, keepRegression } from './corpus.ts';
import type { Report } from './messages.ts';
import type { Options } from './options.ts';
import type { Registry } from './targets/index.ts';
import { watchTask } from './watch.ts';

/** A report of one target, and where what broke it is kept. */
export interface Outcome extends Report {
  /** File of the input that broke it. */
  readonly kept: string | undefined;
}

/**
 * Tries inputs on all targets that are named, a few at a time, each in a thread of its own. Keeps
 * what broke something, and with `save` what was new. `announce` hears of each target when it is done.
 */
export async function fuzz(
  registry: { readonly entries: Registry; readonly module: string },
  options: Options & { readonly corpus?: string },
  announce: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const { targets, inputs, seconds, seed, jobs, hang, save, corpus = corpusDirectory } = options;
  const shareOf = (name: string) => registry.entries[name]?.share ?? 1;
  const shares = targets.reduce((sum, name) => sum + shareOf(name), 0);
  const outcomes: Outcome[] = [];
  // The longest first, so that none is left alone at the end.
  const waiting = targets.toSorted((a, b) => shareOf(b) - shareOf(a));
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const report = await watchTask(
        {
          ...{ target: name, seed, registry: registry.module, corpus },
          inputs:
            inputs === undefined
              ? Number.MAX_SAFE_INTEGER
              : Math.ceil((inputs * shareOf(name)) / shares),
          ms:
            seconds === undefined
              ? Number.MAX_SAFE_INTEGER
              : (seconds * 1_000 * Math.min(jobs, targets.length)) / targets.length,
        },
        hang * 1_000,
      );
      const kept = report.failure && keepRegression(name, report.failure.input, corpus);
      if (save) for (const input of report.interesting) keepInput(name, input, corpus);
      const outcome = { ...report, kept };
      outcomes.push(outcome);
      announce(outcome);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return outcomes;
}
