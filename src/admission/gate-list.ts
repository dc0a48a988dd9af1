import type { Config } from '../config/config.ts';

/** The gates in force, as their settings say, without secrets. */
export type GateList = () => {
  readonly gates: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[];
  readonly default_gate: Readonly<Record<string, unknown>>;
};

/** Lists the gates of a configuration. */
export function createGateList({
  gates,
  defaultGate,
}: Pick<Config, 'gates' | 'defaultGate'>): GateList {
  return () => ({
    gates: gates.map(({ name, settings }) => ({ name, ...settings })),
    default_gate: defaultGate.settings,
  });
}
