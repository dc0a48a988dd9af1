import type { StorePart } from '../store-parts.ts';
import { askInTurn, startDirectService, withServers } from './ask.ts';
import { fillThousand } from './thousand.ts';

/**
 * Two workers beside one, on the same store. Where the load generator has no processor of its own the
 * rate says little; two workers can be 1.7 times as fast as one only if a decision costs them no more
 * than 1.15 times the processor time.
 */
export const workersPart: StorePart = {
  name: 'workers',
  async measure({ directory, announce, signal }) {
    const { dataDir, headerFile } = await fillThousand({ directory, signal });
    const start = (workers: string) => () =>
      startDirectService({
        ...{ directory, dataDir, signal },
        env: { POSTERN_WORKERS: workers, POSTERN_LOG_LEVEL: 'warn' },
      });
    const { one, two } = await withServers([start('1'), start('2')], async (first, second) =>
      askInTurn(
        { one: { server: first, headerFile }, two: { server: second, headerFile } },
        signal,
      ),
    );
    const cost = two.cpuMicroseconds / one.cpuMicroseconds;
    announce(`workers: a decision of two costs ${cost.toFixed(2)} times that of one`);
    const common = { part: 'workers', against: 'one worker' };
    return [
      {
        ...common,
        what: 'decisions of two workers, the load generator on the same two processors',
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
