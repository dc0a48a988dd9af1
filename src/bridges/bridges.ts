import type { Bridge, BridgeSettings } from '../core/bridge.ts';
import type { GateRules } from '../core/gate.ts';
import { createBridge, type ReportBridge } from './index.ts';

/** The bridges of all gates. */
export interface Bridges {
  /** The bridge of a gate that has one. */
  of(gate: Pick<GateRules, 'bridge'>): Bridge | undefined;
  close(): Promise<void>;
}

/** Builds a bridge for each gate that names a sign-on service. */
export function createBridges(
  gates: readonly Pick<GateRules, 'bridge' | 'cookieNames' | 'queryNames'>[],
  report: ReportBridge,
): Bridges {
  const bridges = new Map<BridgeSettings, Bridge>();
  for (const gate of gates) {
    if (gate.bridge !== undefined) {
      bridges.set(gate.bridge, createBridge(gate.bridge, { gate, report }));
    }
  }
  return {
    of: ({ bridge }) => bridge && bridges.get(bridge),
    async close() {
      await Promise.all([...bridges.values()].map((bridge) => bridge.close()));
    },
  };
}
