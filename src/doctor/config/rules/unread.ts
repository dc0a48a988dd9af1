import { describe, headOf } from '../analysis.ts';
import { programIn } from '../model/content.ts';
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
    for (const { location } of entries) {
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
