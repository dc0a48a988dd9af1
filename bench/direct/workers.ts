import { pin, takeTwoProcessors } from '../processors.ts';
import type { StorePart } from '../store-parts.ts';
import { askInTurn, startDirectService, withServers } from './ask.ts';
import { fillThousand } from './thousand.ts';

/**
 * Two workers compared with one, on the same store. On a machine with two processors the load
 * generator has none of its own, and would distort the comparison if it competed only with two
 * workers. So one worker shares one processor with it, and two workers share two.
 */
export const workersPart: StorePart = {
  name: 'workers',
  async measure({ directory, announce, signal }) {
    const [first, second] = takeTwoProcessors();
    const both = `${first},${second}`;
    const { dataDir, headerFile } = await fillThousand({ directory, signal });
    const start = (workers: string) => () =>
      startDirectService({
        ...{ directory, dataDir, signal },
        env: { POSTERN_WORKERS: workers, POSTERN_LOG_LEVEL: 'warn' },
      });
    const { one, two } = await withServers([start('1'), start('2')], async (single, pair) => {
      pin(single.pid, first);
      pin(pair.pid, both);
      return askInTurn(
        {
          one: { server: single, headerFile, processors: first },
          two: { server: pair, headerFile, processors: both },
        },
        signal,
      );
    });
    const ratio = two.perSecond / one.perSecond;
    announce(`workers: two on two processors: ${ratio.toFixed(2)} times one on one`);
    const common = { part: 'workers', against: 'one worker on one' };
    return [
      {
        ...common,
        what: 'decisions of two workers on two processors, the load generator beside them',
        value: two.perSecond,
        unit: 'a second',
        baseline: one.perSecond,
        goal: { of: 'ratio', atLeast: 1.7 },
      },
      {
        ...common,
        what: 'processor time of a decision of two workers, all processes together',
        value: two.cpuMicroseconds,
        unit: 'µs',
        baseline: one.cpuMicroseconds,
        goal: { of: 'ratio', atMost: 1.15 },
      },
    ];
  },
};
