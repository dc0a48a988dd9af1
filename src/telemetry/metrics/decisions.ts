import type { DecisionRecord } from '../../core/model/events.ts';
import type { Cell, Counter } from './counter.ts';
import type { LabelsOf } from './definitions.ts';
import type { GateLabels } from './gate-labels.ts';
import type { Series } from './histogram.ts';
import type { MetricSet } from './metric-set.ts';

/** Where no credential was found, or no reason is needed. */
const none = 'none';

/** The numbers of one gate, each found once: this is asked with every decision. */
class GateNumbers {
  readonly duration: Series;
  readonly #gate: string;
  readonly #counter: Counter<LabelsOf<'decisions'>>;
  readonly #handshakes = new Map<string, Map<string, Cell>>();
  readonly #pages = new Map<string, Map<string, Cell>>();

  constructor(gate: string, counter: Counter<LabelsOf<'decisions'>>, duration: Series) {
    this.#gate = gate;
    this.#counter = counter;
    this.duration = duration;
  }

  cell({ upgrade, verdict }: Pick<DecisionRecord, 'upgrade' | 'verdict'>): Cell {
    const reason = verdict.verdict === 'deny' ? verdict.reason : none;
    const source = verdict.source ?? none;
    const byReason = upgrade ? this.#handshakes : this.#pages;
    const cell = byReason.get(reason)?.get(source);
    if (cell !== undefined) return cell;
    const made = this.#counter.cell({
      gate: this.#gate,
      request: upgrade ? 'handshake' : 'page',
      verdict: verdict.verdict,
      reason,
      source,
    });
    const bySource = byReason.get(reason) ?? new Map<string, Cell>();
    byReason.set(reason, bySource.set(source, made));
    return made;
  }
}

/** Counts decisions, and how long they took. */
export function countDecisions(set: MetricSet, labels: GateLabels) {
  const counter = set.counter('decisions');
  const durations = set.histogram('decisionDuration');
  /** By label, so as many as there are labels. */
  const byLabel = new Map<string, GateNumbers>();
  return (record: DecisionRecord): void => {
    const gate = labels.of(record.gate);
    let numbers = byLabel.get(gate);
    if (numbers === undefined) {
      numbers = new GateNumbers(gate, counter, durations.series({ gate }));
      byLabel.set(gate, numbers);
    }
    numbers.cell(record).value++;
    numbers.duration.observe(record.milliseconds / 1_000);
  };
}
