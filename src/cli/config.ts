import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { EffectiveSetting } from '../config/merge-settings.ts';
import { configSchema } from '../config/schema.ts';
import { mask } from '../lib/mask.ts';
import { replaceInvisible } from '../lib/replace-invisible.ts';
import { expectSuccess } from './toolkit/admin-response.ts';
import {
  type AdminOptions,
  type ConfigOptions,
  loadConfigFrom,
  withAdmin,
  withConfigOption,
  withServiceOptions,
} from './toolkit/options.ts';
import { print, printJson, printStderr } from './toolkit/output.ts';

/** Response of `/v1/config/reload`. */
interface Reloaded {
  readonly gates: readonly string[];
  readonly need_restart: readonly string[];
}

/** `postern config …`. */
export function registerConfigCommands(program: Command): void {
  const config = program.command('config').description('check and show the configuration');

  withConfigOption(config.command('check').description('report every problem'))
    .addHelpText('after', '\nExample:\n  postern config check --config /etc/postern/postern.yaml')
    .action((options: ConfigOptions) => {
      const { effective, warnings } = loadConfigFrom(options);
      for (const { code, where, path, message } of warnings()) {
        printStderr(replaceInvisible(`warning: ${where}: ${path}: ${message} [${code}]`));
      }
      const set = effective.filter(({ from }) => from !== 'default').length;
      print(
        `The configuration is valid (${set} of ${effective.length} settings are not the default).`,
      );
    });

  withConfigOption(
    config.command('show').description('show the settings in force; secrets are masked'),
  )
    .option('--json', 'print JSON for scripts, with the origin of each value')
    .addHelpText('after', '\nExample:\n  postern config show')
    .action((options: ConfigOptions & { json?: boolean }) => {
      const { effective } = loadConfigFrom(options);
      const shown = effective.map(({ path, value, from, secret }) => ({
        path,
        value: secret ? mask : value,
        from,
      }));
      if (options.json) printJson(shown);
      else print(renderYaml(shown));
    });

  withServiceOptions(
    config.command('reload').description('reload the configuration of the running service'),
    'it reloads the running service, and the store alone has none',
  )
    .addHelpText('after', '\nExample:\n  postern config reload')
    .action((options: AdminOptions) =>
      withAdmin(options, async (admin) => {
        const reloaded = expectSuccess(await admin.send('POST', '/v1/config/reload')) as Reloaded;
        if (options.json) return printJson(reloaded);
        const { gates, need_restart: needRestart } = reloaded;
        print(`Reloaded. Gates: ${gates.join(', ') || 'any that nginx names'}.`);
        if (needRestart.length > 0)
          printStderr(`These take effect at the next start: ${needRestart}`);
      }),
    );

  config
    .command('schema')
    .description('print the JSON Schema of postern.yaml, for editors')
    .addHelpText('after', '\nExample:\n  postern config schema > postern.schema.json')
    .action(() =>
      printJson({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...configSchema }),
    );
}

/** Renders the settings as `postern.yaml`, with the origin of each value as a comment. */
function renderYaml(settings: readonly Omit<EffectiveSetting, 'secret'>[]): string {
  const lines: string[] = [];
  let openSections: readonly string[] = [];
  for (const { path, value, from } of settings) {
    const sections = path.split('.');
    const name = sections.pop();
    for (const [depth, section] of sections.entries()) {
      const here = sections.slice(0, depth + 1).join('.');
      if (openSections.slice(0, depth + 1).join('.') !== here)
        lines.push(`${'  '.repeat(depth)}${section}:`);
    }
    openSections = sections;
    const written = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
    lines.push(`${'  '.repeat(sections.length)}${name}: ${written} # ${from}`);
  }
  return lines.join('\n');
}
