import type { StoreMeter } from '../../store/port/store.ts';
import type { MetricRegistry } from './metric-registry.ts';

/**
 * Registers the store's metrics. Series are looked up once, since a decision reads several times.
 */
export function measureStore(registry: MetricRegistry): StoreMeter {
  const durations = registry.histogram('storeDuration');
  const failures = registry.counter('storeFailures');
  const groups = registry.histogram('commitWrites').series({});
  const series = {
    read: durations.series({ operation: 'read' }),
    write: durations.series({ operation: 'write' }),
    commit: durations.series({ operation: 'commit' }),
  };
  const failed = {
    read: failures.series({ operation: 'read' }),
    write: failures.series({ operation: 'write' }),
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
