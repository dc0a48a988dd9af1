import type { Store, StoreMeter } from './port/store.ts';

/** The settings that say where the store is. */
export interface StoreSettings {
  /** Directory of the SQLite database. */
  readonly dataDir: string;
}

/**
 * Opens the store that the configuration names, with the engine that it is made of. An engine is loaded
 * only when it is opened. Rejects with OperatorError when the store cannot be used.
 */
export async function openStore(settings: StoreSettings, meter?: StoreMeter): Promise<Store> {
  const { openSqliteStore } = await import('./sqlite/store.ts');
  return openSqliteStore(settings.dataDir, meter);
}
