import { describe, headOf } from '../analysis.ts';
import { programIn } from '../model/content.ts';
import { tooManyWays } from '../model/request-phases.ts';
import { anything } from '../model/scenario.ts';
import type { Rule } from '../rule.ts';

/** What the doctor says where it cannot know. */
export const unread: Rule = {
  code: 'PD026',
  title: 'A part of the configuration could not be judged',
  severities: ['notice'],
  *find({ configuration, entries }) {
    for (const include of configuration.missing) {
      yield {
        severity: 'notice',
        at: include,
        about: 'the block that includes it',
        meaning: `${include.args[0]} was not found, so what stands in it is not known: nothing is said about lines that may be missing around it. nginx itself would not start without the file.`,
        change:
          'Run the doctor where nginx runs, or give it everything at once: nginx -T 2>&1 | postern doctor config -. For a copy of the files: --root <directory>.',
      };
    }
    for (const entry of entries) {
      const { location } = entry;
      const outcomes = entry.authRequest === undefined ? [] : entry.outcomes('deny', anything);
      if (outcomes.some((one) => one.kind === 'unknown' && one.why === tooManyWays)) {
        yield {
          severity: 'notice',
          at: headOf(location),
          about: describe(location),
          meaning:
            'Conditions, rewrites and redirects give a request more ways from here than are followed, so faults on some of them may be missing from this report.',
          change:
            'Use map in http in the place of long rows of if, and try it out: postern doctor probe asks the running site.',
        };
      }
      const program = programIn(location);
      if (program === undefined) continue;
      yield {
        severity: 'notice',
        at: program,
        about: describe(location),
        because: [headOf(location)],
        meaning: `${program.name} decides about requests here too. What it does is not in the configuration, so what is certain elsewhere is only likely here.`,
        change: 'Try it out: postern doctor probe asks the running site.',
      };
    }
  },
};
