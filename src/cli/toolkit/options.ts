import type { Command } from 'commander';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { type AdminClient, connectAdmin } from './admin-client.ts';

/** Options of every command that reads the configuration. */
export interface ConfigOptions {
  readonly config?: string;
}

/** Options of every command that talks to the admin API. */
export interface AdminOptions extends ConfigOptions {
  readonly url?: string;
  readonly store?: boolean;
  readonly json?: boolean;
}

/** Adds `--config`. */
export function withConfigOption(command: Command): Command {
  return command.option(
    '-c, --config <file>',
    'configuration file (default: POSTERN_CONFIG, or postern.yaml if it exists)',
  );
}

/** Adds what every command that talks to the admin API takes. */
export function withAdminOptions(command: Command): Command {
  return withConfigOption(command)
    .option('--url <url>', 'admin API of the running service (default: admin.listen)')
    .option('--store', 'open the token store directly instead of asking a running service')
    .option('--json', 'print JSON for scripts');
}

/** Loads the configuration that a command's options name. Throws ConfigError. */
export function loadFrom({ config }: ConfigOptions): LoadedConfig {
  return loadConfig(config === undefined ? {} : { file: config });
}

/** Runs work with a client of the admin API, and closes it afterwards. */
export async function withAdmin<T>(
  options: AdminOptions,
  work: (admin: AdminClient) => Promise<T>,
): Promise<T> {
  const { config } = loadFrom(options);
  const admin = options.store
    ? await (await import('../../app/offline-admin.ts')).openOfflineAdmin(config)
    : connectAdmin(config.admin, options.url);
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** Gathers the values of an option that may be given several times. */
export function collect(value: string, values: readonly string[] = []): string[] {
  return [...values, value];
}
