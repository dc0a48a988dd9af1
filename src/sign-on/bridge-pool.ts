import type { Bridge } from '../core/decision/sign-on.ts';
import type { GateRules } from '../core/gate/gate.ts';
import type { BridgeSettings } from '../core/model/sign-on-settings.ts';
import {
  type BridgeHealthListener,
  type BridgeRequestRecord,
  createBridge,
  type ServiceBridge,
} from './bridge.ts';

/** The bridges of one configuration, by gate. */
export interface Bridges {
  /** The gate's bridge; undefined where the gate has none. */
  forGate(gate: Pick<GateRules, 'bridge'>): Bridge | undefined;
  /** Drops the cached answers of the gate's bridge; returns how many were in force. */
  forgetAnswers(gate: Pick<GateRules, 'bridge'>, now: number): number;
}

/** The part of a gate that a bridge depends on. */
type GateWithBridge = Pick<GateRules, 'bridge' | 'cookieNames' | 'queryNames'>;

/** Open bridges, shared between the old and the new configuration during a reload. */
export interface BridgePool {
  /**
   * Opens a bridge for each gate with a sign-on service. A bridge with the same settings is reused.
   */
  forGates(gates: readonly GateWithBridge[]): Bridges;
  /** Closes the bridges that none of these gates uses, once their requests have finished. */
  retireOthers(gates: readonly GateWithBridge[]): Promise<void>;
  /** Closes all bridges; requests that still wait are denied. */
  close(): Promise<void>;
}

/** Callbacks for the health and the requests of the services. */
export interface BridgeListeners {
  readonly onHealthChange: BridgeHealthListener;
  /** Called after each request; `bridge` is a number that identifies the bridge. */
  readonly onRequest: (request: BridgeRequestRecord & { readonly bridge: number }) => void;
}

/** Creates an empty pool. */
export function createBridgePool({ onHealthChange, onRequest }: BridgeListeners): BridgePool {
  /**
   * By gate and settings. Gates with equal settings get a bridge each, so that they do not share
   * one concurrency limit.
   */
  const open = new Map<string, ServiceBridge>();
  let count = 0;

  function getOrOpen(key: string, settings: BridgeSettings, gate: GateWithBridge): ServiceBridge {
    const existing = open.get(key);
    if (existing !== undefined) return existing;
    const bridge = count++;
    const created = createBridge(settings, {
      gate,
      onHealthChange,
      onRequest: (request) => onRequest({ ...request, bridge }),
    });
    open.set(key, created);
    return created;
  }

  return {
    forGates(gates) {
      const bridges = new Map<BridgeSettings, ServiceBridge>();
      for (const [key, gate] of withKeys(gates)) {
        if (gate.bridge !== undefined) bridges.set(gate.bridge, getOrOpen(key, gate.bridge, gate));
      }
      const forGate = ({ bridge }: Pick<GateRules, 'bridge'>) => bridge && bridges.get(bridge);
      return {
        forGate,
        forgetAnswers: (gate, now) => forGate(gate)?.forgetAnswers(now) ?? 0,
      };
    },
    async retireOthers(gates) {
      const kept = new Map(withKeys(gates));
      const dropped = [...open].filter(([key]) => !kept.has(key));
      for (const [key] of dropped) open.delete(key);
      await Promise.all(dropped.map(([, bridge]) => bridge.retire()));
    },
    async close() {
      await Promise.all([...open.values()].map((bridge) => bridge.close()));
    },
  };
}

/** Gates with a bridge, with the pool key of each: its settings, and a number among equal ones. */
function withKeys(gates: readonly GateWithBridge[]): [key: string, gate: GateWithBridge][] {
  const equalSettings = new Map<string, number>();
  return gates
    .filter(({ bridge }) => bridge !== undefined)
    .map((gate) => {
      const { bridge, cookieNames, queryNames } = gate;
      const settings = JSON.stringify([bridge, cookieNames, queryNames]);
      const index = equalSettings.get(settings) ?? 0;
      equalSettings.set(settings, index + 1);
      return [`${index} ${settings}`, gate];
    });
}
