import type { Bridge, BridgeSettings } from '../core/bridge.ts';
import type { GateRules } from '../core/gate.ts';
import { type BridgeAnswered, createBridge, type ReportBridge } from './index.ts';

/** The bridges of all gates. */
export interface Bridges {
  /** The bridge of a gate that has one. */
  of(gate: Pick<GateRules, 'bridge'>): Bridge | undefined;
  close(): Promise<void>;
}

/** Who learns how the services behind the bridges are. */
export interface BridgeReports {
  readonly changed: ReportBridge;
  /** Each question; `bridge` is a number that tells the bridges apart. */
  readonly asked: (question: BridgeAnswered & { readonly bridge: number }) => void;
}

/** Builds a bridge for each gate that names a sign-on service. */
export function createBridges(
  gates: readonly Pick<GateRules, 'bridge' | 'cookieNames' | 'queryNames'>[],
  { changed, asked }: BridgeReports,
): Bridges {
  const bridges = new Map<BridgeSettings, Bridge>();
  for (const gate of gates) {
    if (gate.bridge === undefined) continue;
    const bridge = bridges.size;
    bridges.set(
      gate.bridge,
      createBridge(gate.bridge, {
        gate,
        report: changed,
        answered: (question) => asked({ ...question, bridge }),
      }),
    );
  }
  return {
    of: ({ bridge }) => bridge && bridges.get(bridge),
    async close() {
      await Promise.all([...bridges.values()].map((bridge) => bridge.close()));
    },
  };
}
