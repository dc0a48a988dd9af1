/** Bounds the values of the `gate` label: requests cannot create new ones. */
export interface GateLabels {
  /** Sets the configured gates. With an empty list gates are named by nginx. */
  setConfigured(names: readonly string[]): void;
  /** The label of a gate; undefined stands for no gate. */
  labelOf(name: string | undefined): string;
}

/** Gate names that get a label of their own when none are configured. */
const maxUnlisted = 50;

/** Label of all further gates. */
export const otherGate = 'other';

/** Label of requests that match no gate. */
export const noGate = 'none';

export function createGateLabels(): GateLabels {
  let listed: ReadonlySet<string> = new Set();
  const unlisted = new Set<string>();
  return {
    setConfigured(names) {
      listed = new Set(names);
    },
    labelOf(name) {
      if (name === undefined) return noGate;
      if (listed.size > 0) return listed.has(name) ? name : otherGate;
      if (unlisted.size < maxUnlisted) unlisted.add(name);
      return unlisted.has(name) ? name : otherGate;
    },
  };
}
