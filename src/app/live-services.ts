import type { Services } from './services.ts';

/** The services of the configuration in force. A reload replaces them as a whole. */
export interface LiveServices {
  /** Those in force right now. Ask at each use: one that is kept belongs to an old configuration. */
  current(): Services;
  replace(next: Services): void;
}

/** Begins with these. */
export function createLiveServices(first: Services): LiveServices {
  let latest = first;
  return {
    current: () => latest,
    replace(next) {
      latest = next;
    },
  };
}
