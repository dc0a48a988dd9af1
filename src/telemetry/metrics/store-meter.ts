import type { StoreMeter } from '../../store/port.ts';
import type { MetricSet } from './metric-set.ts';

/** Begins the metrics of the store. Each number is found once: a decision reads more than once. */
export function measureStore(set: MetricSet): StoreMeter {
  const durations = set.histogram('storeDuration');
  const failures = set.counter('storeFailures');
  const groups = set.histogram('commitWrites').series({});
  const series = {
    read: durations.series({ operation: 'read' }),
    write: durations.series({ operation: 'write' }),
    commit: durations.series({ operation: 'commit' }),
  };
  const failed = {
    read: failures.cell({ operation: 'read' }),
    write: failures.cell({ operation: 'write' }),
  };
  return {
    done: (operation, milliseconds) => series[operation].observe(milliseconds / 1_000),
    committed(writes, milliseconds) {
      groups.observe(writes);
      series.commit.observe(milliseconds / 1_000);
    },
    failed(operation) {
      failed[operation].value++;
    },
  };
}
