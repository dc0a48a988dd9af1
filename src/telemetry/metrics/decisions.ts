import type { DecisionRecord } from '../../core/model/events.ts';
import type { Counter, CounterSeries } from './counter.ts';
import type { LabelsOf } from './definitions.ts';
import type { GateLabels } from './gate-labels.ts';
import type { Series } from './histogram.ts';
import type { MetricRegistry } from './metric-registry.ts';

/** Label value when no credential was found, or there is no reason. */
const none = 'none';

/** Series of one gate, cached: this runs for every decision. */
class GateMetrics {
  readonly duration: Series;
  readonly #gate: string;
  readonly #counter: Counter<LabelsOf<'decisions'>>;
  readonly #handshakes = new Map<string, Map<string, CounterSeries>>();
  readonly #pages = new Map<string, Map<string, CounterSeries>>();

  constructor(gate: string, counter: Counter<LabelsOf<'decisions'>>, duration: Series) {
    this.#gate = gate;
    this.#counter = counter;
    this.duration = duration;
  }

  decisionSeries({ upgrade, verdict }: Pick<DecisionRecord, 'upgrade' | 'verdict'>): CounterSeries {
    const reason = verdict.verdict === 'deny' ? verdict.reason : none;
    const source = verdict.source ?? none;
    const byReason = upgrade ? this.#handshakes : this.#pages;
    const existing = byReason.get(reason)?.get(source);
    if (existing !== undefined) return existing;
    const created = this.#counter.series({
      gate: this.#gate,
      request: upgrade ? 'handshake' : 'page',
      verdict: verdict.verdict,
      reason,
      source,
    });
    const bySource = byReason.get(reason) ?? new Map<string, CounterSeries>();
    byReason.set(reason, bySource.set(source, created));
    return created;
  }
}

/** Counts decisions and observes their duration. */
export function countDecisions(registry: MetricRegistry, labels: GateLabels) {
  const counter = registry.counter('decisions');
  const durations = registry.histogram('decisionDuration');
  /** By gate label, so its size is bounded. */
  const byLabel = new Map<string, GateMetrics>();
  return (record: DecisionRecord): void => {
    const gate = labels.labelOf(record.gate);
    let numbers = byLabel.get(gate);
    if (numbers === undefined) {
      numbers = new GateMetrics(gate, counter, durations.series({ gate }));
      byLabel.set(gate, numbers);
    }
    numbers.decisionSeries(record).value++;
    numbers.duration.observe(record.milliseconds / 1_000);
  };
}
