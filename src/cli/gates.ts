import type { Command } from 'commander';
import { stringify } from 'yaml';
import { expectSuccess } from './toolkit/admin-response.ts';
import { type AdminOptions, withAdmin, withAdminOptions } from './toolkit/options.ts';
import { print, printJson, printStderr } from './toolkit/output.ts';

interface ShownGates {
  readonly gates: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[];
  readonly default_gate: Readonly<Record<string, unknown>>;
}

/** `postern gate list`. */
export function registerGateCommands(program: Command): void {
  const gate = program.command('gate').description('show the gates in force');

  withAdminOptions(
    gate.command('list').description('list the gates in force, with the rules of each'),
  )
    .addHelpText('after', '\nExamples:\n  postern gate list\n  postern gate list --json')
    .action((options: AdminOptions) =>
      withAdmin(options, async (admin) => {
        const shown = expectSuccess(await admin.send('GET', '/v1/gates')) as ShownGates;
        if (options.json) return printJson(shown);
        const { gates, default_gate: rules } = shown;
        if (gates.length === 0) printStderr('Every gate that nginx names has these rules:');
        const written =
          gates.length === 0
            ? { default_gate: rules }
            : { gates: Object.fromEntries(gates.map(({ name, ...rest }) => [name, rest])) };
        print(stringify(written, { lineWidth: 0 }).trimEnd());
      }),
    );
}
