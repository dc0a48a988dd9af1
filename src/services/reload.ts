import type { Config } from '../config/config.ts';
import type { Events } from './events.ts';

/** What a reload changed, and what it could not. */
export interface Reloaded {
  /** Settings that differ and take effect at the next start only. */
  readonly needRestart: readonly string[];
}

/** Reads the configuration again and puts it in force. Throws ConfigError; the old one stays then. */
export type Reload = () => Reloaded;

/** Settings that something was opened with. */
const fixed: Readonly<Record<string, (config: Config) => unknown>> = {
  data_dir: ({ dataDir }) => dataDir,
  'gate.listen': ({ gate }) => gate.listen,
  'admin.listen': ({ admin }) => admin.listen,
  workers: ({ workers }) => workers,
  'tracing.enabled': ({ tracing }) => tracing.enabled,
  'log.level': ({ log }) => log.level,
  'log.format': ({ log }) => log.format,
};

/** Builds the service. `apply` swaps the rules that decisions are made by from one to the next. */
export function createReload(dependencies: {
  /** The configuration that Postern was started with. */
  readonly started: Config;
  readonly load: () => Config;
  readonly apply: (config: Config) => void;
  readonly events: Events;
}): Reload {
  const { started, load, apply, events } = dependencies;
  return () => {
    try {
      const config = load();
      apply(config);
      const needRestart = Object.entries(fixed)
        .filter(([, read]) => JSON.stringify(read(config)) !== JSON.stringify(read(started)))
        .map(([path]) => path);
      events.reloaded(needRestart);
      return { needRestart };
    } catch (error) {
      events.notReloaded(error as Error);
      throw error;
    }
  };
}
