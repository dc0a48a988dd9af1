import { join } from 'node:path';
import { pin, takeTwoProcessors } from '../processors.ts';
import type { Figure } from '../store/figure.ts';
import { fillStore } from '../store/fill.ts';
import type { StorePart } from '../store-parts.ts';
import { writeHeaderLines } from '../wrk.ts';
import { askInTurn, startDirectBareServer, startDirectService, withServers } from './ask.ts';
import { credentialCases } from './credentials.ts';

/** Tokens in the store, and in use. */
const tokens = { inStore: 100_000, inUse: 1_000 };

/**
 * Cost of a decision: Postern without nginx, compared with a bare `node:http` server that answers
 * 200 with one header. The two alternate on one processor; the load generator has the other.
 */
export const directPart: StorePart = {
  name: 'direct',
  async measure({ directory, announce, signal }) {
    const [serving, generating] = takeTwoProcessors();
    announce(`direct: making ${tokens.inStore} tokens …`);
    const dataDir = join(directory, 'data');
    await fillStore(dataDir, 't', { count: tokens.inStore, rareIn: tokens.inStore, signal });
    const figures: Figure[] = [];
    for (const logLevel of ['warn', 'info']) {
      // A log line costs the same for every credential.
      const measured = logLevel === 'warn' ? credentialCases : credentialCases.slice(0, 1);
      for (const { name, goal, env, header } of measured) {
        const names = Array.from({ length: tokens.inUse }, (_, i) => `t${i + 1}`);
        const headerFile = writeHeaderLines(
          directory,
          names.map((token) => [header(token)]),
        );
        const loads = await withServers(
          [
            () => startDirectBareServer({ directory, signal }),
            () =>
              startDirectService({
                ...{ directory, dataDir, signal },
                env: { ...env, POSTERN_LOG_LEVEL: logLevel },
              }),
          ],
          async (bare, service) => {
            for (const { pid } of [bare, service]) pin(pid, serving);
            const asked = { headerFile, processors: generating };
            return askInTurn(
              { bare: { server: bare, ...asked }, service: { server: service, ...asked } },
              signal,
            );
          },
        );
        const log = logLevel === 'info' ? ', each with its line in the log' : '';
        const { bare, service } = loads;
        announce(
          `direct: ${name}${log}: ${(service.perSecond / bare.perSecond).toFixed(2)} of bare`,
        );
        const common = { part: 'direct', against: 'bare node:http' };
        figures.push(
          {
            ...common,
            what: `decisions by ${name}${log}`,
            value: service.perSecond,
            unit: 'a second',
            baseline: bare.perSecond,
            ...(logLevel === 'warn' && { goal: { of: 'ratio', atLeast: goal } }),
          },
          {
            ...common,
            what: `processor time of a decision by ${name}${log}`,
            value: service.cpuMicroseconds,
            unit: 'µs',
            baseline: bare.cpuMicroseconds,
          },
        );
      }
    }
    return figures;
  },
};
