import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { EffectiveSetting } from '../config/load.ts';
import { configSchema } from '../config/schema.ts';
import { type ConfigOptions, loadFrom, withConfigOption } from './options.ts';
import { print, printJson } from './output.ts';

const mask = '********';

/** `postern config …`. */
export function registerConfigCommands(program: Command): void {
  const config = program.command('config').description('check and show the configuration');

  withConfigOption(
    config.command('check').description('report every problem, or say that all is well'),
  )
    .addHelpText('after', '\nExample:\n  postern config check --config /etc/postern/postern.yaml')
    .action((options: ConfigOptions) => {
      const { effective } = loadFrom(options);
      const set = effective.filter(({ from }) => from !== 'default').length;
      print(
        `The configuration is valid (${set} of ${effective.length} settings are not the default).`,
      );
    });

  withConfigOption(config.command('show').description('show what is in force; secrets are masked'))
    .option('--json', 'print JSON for scripts, with where each value comes from')
    .addHelpText('after', '\nExample:\n  postern config show')
    .action((options: ConfigOptions & { json?: boolean }) => {
      const { effective } = loadFrom(options);
      const shown = effective.map(({ path, value, from, secret }) => ({
        path,
        value: secret ? mask : value,
        from,
      }));
      if (options.json) printJson(shown);
      else print(renderYaml(shown));
    });

  config
    .command('schema')
    .description('print the JSON Schema of postern.yaml, for editors')
    .addHelpText('after', '\nExample:\n  postern config schema > postern.schema.json')
    .action(() =>
      printJson({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...configSchema }),
    );
}

/** As `postern.yaml` would say it, with the origin of each value in a comment. */
function renderYaml(settings: readonly Omit<EffectiveSetting, 'secret'>[]): string {
  const lines: string[] = [];
  let section = '';
  for (const { path, value, from } of settings) {
    const [head = '', tail] = path.split('.');
    if (tail !== undefined && head !== section) lines.push(`${head}:`);
    section = head;
    const written = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
    lines.push(`${tail === undefined ? head : `  ${tail}`}: ${written} # ${from}`);
  }
  return lines.join('\n');
}
