import type { Config } from '../config/config.ts';
import type { Events } from '../core/model/events.ts';

/** What a reload changed, and what it could not. */
export interface Reloaded {
  /** Settings that differ and take effect at the next start only. */
  readonly needRestart: readonly string[];
}

/**
 * Reads the configuration again and puts it in force. Rejects with ConfigError; the old one stays then.
 * While one reload is not over, the next one waits, and all who ask meanwhile share that one.
 */
export type Reload = () => Promise<Reloaded>;

/** Milliseconds between two reloads: each takes processor time and memory that decisions need. */
const pauseMs = 200;

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

/**
 * Builds the service. `apply` swaps the rules that decisions are made by from one to the next, at once; it
 * resolves when nothing of the ones before is in use any more.
 */
export function createReload(dependencies: {
  /** The configuration that Postern was started with. */
  readonly started: Config;
  readonly load: () => Config;
  readonly apply: (config: Config) => Promise<void>;
  readonly events: Events;
}): Reload {
  const { started, load, apply, events } = dependencies;
  /** The reload that has begun, until its predecessor's rules are gone. */
  let present: Promise<unknown> | undefined;
  let next: Promise<Reloaded> | undefined;

  async function begin(): Promise<Reloaded> {
    try {
      const config = load();
      present = over(apply(config));
      const needRestart = Object.entries(fixed)
        .filter(([, read]) => JSON.stringify(read(config)) !== JSON.stringify(read(started)))
        .map(([path]) => path);
      events.reloaded(needRestart);
      return { needRestart };
    } catch (error) {
      present = over(Promise.resolve());
      events.notReloaded(error as Error);
      throw error;
    }
  }

  async function over(applied: Promise<void>): Promise<void> {
    const pause = new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
    await Promise.allSettled([applied, pause]);
    present = undefined;
  }

  return () => {
    if (present === undefined) return begin();
    next ??= present.then(() => {
      next = undefined;
      return begin();
    });
    return next;
  };
}
