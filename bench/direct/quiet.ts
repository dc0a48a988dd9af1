import { setTimeout as sleep } from 'node:timers/promises';
import { pin, takeTwoProcessors } from '../processors.ts';
import type { StorePart } from '../store-parts.ts';
import { askInTurn, startDirectService, withServers } from './ask.ts';
import { fillThousand } from './thousand.ts';

/** Milliseconds after which V8 has collected the garbage of the load. */
const quietMs = 40_000;

/**
 * Cost of a decision after an idle period, compared with before: V8 collects garbage meanwhile, and
 * drops type information about objects that no longer exist.
 */
export const quietPart: StorePart = {
  name: 'quiet',
  async measure({ directory, announce, signal }) {
    const [serving, generating] = takeTwoProcessors();
    const { dataDir, headerFile } = await fillThousand({ directory, signal });
    const start = () =>
      startDirectService({ directory, dataDir, env: { POSTERN_LOG_LEVEL: 'warn' }, signal });
    const [before, after] = await withServers([start], async (server) => {
      pin(server.pid, serving);
      const asked = { one: { server, headerFile, processors: generating } };
      const first = await askInTurn(asked, signal);
      announce(`quiet: ${quietMs / 1_000} s without a request …`);
      await sleep(quietMs, undefined, { signal });
      return [first.one, (await askInTurn(asked, signal)).one] as const;
    });
    return [
      {
        part: 'quiet',
        what: 'processor time of a decision after a quiet while',
        value: after.cpuMicroseconds,
        unit: 'µs',
        against: 'before',
        baseline: before.cpuMicroseconds,
        goal: { of: 'ratio', atMost: 1.15 },
      },
    ];
  },
};
