import type { Bridge } from '../core/bridge.ts';
import type { GateRules } from '../core/gate.ts';

/** The sign-on services of all gates: one for each that is configured, however many gates share it. */
export function createBridges(
  gates: readonly Pick<GateRules, 'bridge'>[],
  _report: (service: string, why: string | undefined) => void,
) {
  const bridges = new Map<GateRules['bridge'], Bridge>();
  for (const { bridge } of gates) {
    if (bridge !== undefined) continue;
  }
  return {
    of: ({ bridge }: Pick<GateRules, 'bridge'>) => bridges.get(bridge),
    async close() {
      await Promise.all([...bridges.values()].map((bridge) => bridge.close()));
    },
  };
}
