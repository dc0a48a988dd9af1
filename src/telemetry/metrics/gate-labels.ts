/** Names of gates as labels: of those there are so many as the operator chose, whatever requests say. */
export interface GateLabels {
  /** These gates are in force. Without any, nginx names them as it likes. */
  configured(names: readonly string[]): void;
  /** The label for a gate; undefined is no gate at all. */
  of(name: string | undefined): string;
}

/** How many names count where only nginx's configuration knows them. */
const mostUnlisted = 50;

/** What stands for a gate beyond those. */
export const otherGate = 'other';
/** What stands for a request that is at no gate. */
export const noGate = 'none';

/** Builds the labels. */
export function createGateLabels(): GateLabels {
  let listed: ReadonlySet<string> = new Set();
  const unlisted = new Set<string>();
  return {
    configured(names) {
      listed = new Set(names);
    },
    of(name) {
      if (name === undefined) return noGate;
      if (listed.size > 0) return listed.has(name) ? name : otherGate;
      if (unlisted.size < mostUnlisted) unlisted.add(name);
      return unlisted.has(name) ? name : otherGate;
    },
  };
}
