import type { Config } from '../config/config.ts';
import type { Events } from '../core/model/events.ts';

/** The result of a reload. */
export interface Reloaded {
  /** Changed settings that take effect at the next start only. */
  readonly needRestart: readonly string[];
}

/**
 * Reads the configuration again and puts it in force. Rejects with ConfigError; the old one stays in force
 * then. During a reload, all further requests share the next one.
 */
export type Reload = () => Promise<Reloaded>;

/** Milliseconds between two reloads: each takes processor time and memory from decisions. */
const minIntervalMs = 200;

/** Settings that are used at the start only. */
const startupSettings: Readonly<Record<string, (config: Config) => unknown>> = {
  data_dir: ({ dataDir }) => dataDir,
  'gate.listen': ({ gate }) => gate.listen,
  'admin.listen': ({ admin }) => admin.listen,
  workers: ({ workers }) => workers,
  'tracing.enabled': ({ tracing }) => tracing.enabled,
  'log.level': ({ log }) => log.level,
  'log.format': ({ log }) => log.format,
};

/**
 * Builds the reload. `apply` switches decisions to the new configuration at once; it resolves when the old
 * one is no longer in use.
 */
export function createReload(dependencies: {
  /** The configuration at the start. */
  readonly started: Config;
  readonly load: () => Config;
  readonly apply: (config: Config) => Promise<void>;
  readonly events: Events;
}): Reload {
  const { started, load, apply, events } = dependencies;
  /** The reload under way, until the old configuration is no longer in use. */
  let current: Promise<unknown> | undefined;
  let next: Promise<Reloaded> | undefined;

  async function begin(): Promise<Reloaded> {
    try {
      const config = load();
      current = finished(apply(config));
      const needRestart = Object.entries(startupSettings)
        .filter(([, read]) => JSON.stringify(read(config)) !== JSON.stringify(read(started)))
        .map(([path]) => path);
      events.reloaded(needRestart);
      return { needRestart };
    } catch (error) {
      current = finished(Promise.resolve());
      events.notReloaded(error as Error);
      throw error;
    }
  }

  async function finished(applied: Promise<void>): Promise<void> {
    const pause = new Promise((resolve) => setTimeout(resolve, minIntervalMs).unref());
    await Promise.allSettled([applied, pause]);
    current = undefined;
  }

  return () => {
    if (current === undefined) return begin();
    next ??= current.then(() => {
      next = undefined;
      return begin();
    });
    return next;
  };
}
