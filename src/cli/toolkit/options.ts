import { type Command, InvalidArgumentError, Option } from 'commander';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { type AdminClient, connectAdmin } from './admin-client.ts';

/** Options of commands that read the configuration. */
export interface ConfigOptions {
  readonly config?: string;
}

/** Options of commands that use the admin API. */
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

/** Options that more than one kind of command has. */
const urlOption = () =>
  new Option('--url <url>', 'admin API of the running service (default: admin.listen)');
const storeOption = () =>
  new Option('--store', 'open the token store directly instead of asking a running service');
const jsonOption = () => new Option('--json', 'print JSON for scripts');

/** Adds the options of commands that use the admin API. */
export function withAdminOptions(command: Command): Command {
  return withConfigOption(command)
    .addOption(urlOption())
    .addOption(storeOption())
    .addOption(jsonOption());
}

/**
 * Adds the options of commands that need a running service. `--store` is not in their help, and is
 * refused with this reason.
 */
export function withServiceOptions(command: Command, whyNoStore: string): Command {
  return withConfigOption(command)
    .addOption(urlOption())
    .addOption(storeOption().hideHelp())
    .addOption(jsonOption())
    .hook('preAction', (asked) => {
      if (asked.opts<AdminOptions>().store)
        asked.error(`error: --store does not work here: ${whyNoStore}`);
    });
}

/** Loads the configuration that the options name. Throws ConfigError. */
export function loadConfigFrom({ config }: ConfigOptions): LoadedConfig {
  return loadConfig(config === undefined ? {} : { file: config });
}

/** Runs `work` with an admin client, and closes it afterwards. */
export async function withAdmin<T>(
  options: AdminOptions,
  work: (admin: AdminClient) => Promise<T>,
): Promise<T> {
  const { config } = loadConfigFrom(options);
  const admin = options.store
    ? await (await import('../../app/offline-admin.ts')).openOfflineAdmin(config)
    : connectAdmin(config.admin, options.url);
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** Collects the values of a repeatable option. */
export function collect(value: string, values: readonly string[] = []): string[] {
  return [...values, value];
}

/** Parses a positive number. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Must be a positive number.');
  return Number(text);
}
