import type { Bridge } from '../core/decision/sign-on.ts';
import type { GateRules } from '../core/gate/gate.ts';
import type { BridgeSettings } from '../core/model/sign-on-settings.ts';
import {
  type BridgeAnswered,
  createBridge,
  type ReportBridge,
  type ServiceBridge,
} from './index.ts';

/** The bridges of all gates of a configuration. */
export interface Bridges {
  /** The bridge of a gate that has one. */
  of(gate: Pick<GateRules, 'bridge'>): Bridge | undefined;
}

/** What a bridge is built from. */
type BridgedGate = Pick<GateRules, 'bridge' | 'cookieNames' | 'queryNames'>;

/** The bridges that are open, whatever configuration they are of. */
export interface BridgePool {
  /** A bridge for each gate that names a sign-on service: the one there is, where its settings are the same. */
  of(gates: readonly BridgedGate[]): Bridges;
  /** Closes the bridges that none of these gates has, once nobody waits for an answer of theirs. */
  keepOnly(gates: readonly BridgedGate[]): Promise<void>;
  /** Closes all; whoever still waits for an answer is denied. */
  close(): Promise<void>;
}

/** Who learns how the services behind the bridges are. */
export interface BridgeReports {
  readonly changed: ReportBridge;
  /** Each question; `bridge` is a number that tells the bridges apart. */
  readonly asked: (question: BridgeAnswered & { readonly bridge: number }) => void;
}

/** Builds the pool, with nothing in it. */
export function createBridgePool({ changed, asked }: BridgeReports): BridgePool {
  /** By gate and settings: gates with equal settings have a bridge each, so that none takes another's turns. */
  const open = new Map<string, ServiceBridge>();
  let count = 0;

  function bridgeOf(key: string, settings: BridgeSettings, gate: BridgedGate): ServiceBridge {
    const known = open.get(key);
    if (known !== undefined) return known;
    const bridge = count++;
    const built = createBridge(settings, {
      gate,
      report: changed,
      answered: (question) => asked({ ...question, bridge }),
    });
    open.set(key, built);
    return built;
  }

  return {
    of(gates) {
      const bridges = new Map<BridgeSettings, Bridge>();
      for (const [key, gate] of keyed(gates)) {
        if (gate.bridge !== undefined) bridges.set(gate.bridge, bridgeOf(key, gate.bridge, gate));
      }
      return { of: ({ bridge }) => bridge && bridges.get(bridge) };
    },
    async keepOnly(gates) {
      const kept = new Map(keyed(gates));
      const dropped = [...open].filter(([key]) => !kept.has(key));
      for (const [key] of dropped) open.delete(key);
      await Promise.all(dropped.map(([, bridge]) => bridge.retire()));
    },
    async close() {
      await Promise.all([...open.values()].map((bridge) => bridge.close()));
    },
  };
}

/** Gates with a bridge, by what theirs is built from; equal ones are numbered. */
function keyed(gates: readonly BridgedGate[]): [key: string, gate: BridgedGate][] {
  const seen = new Map<string, number>();
  return gates
    .filter(({ bridge }) => bridge !== undefined)
    .map((gate) => {
      const { bridge, cookieNames, queryNames } = gate;
      const settings = JSON.stringify([bridge, cookieNames, queryNames]);
      const place = seen.get(settings) ?? 0;
      seen.set(settings, place + 1);
      return [`${place} ${settings}`, gate];
    });
}
