import type { Command } from 'commander';
import { expectSuccess } from './toolkit/admin-response.ts';
import { type AdminOptions, withAdmin, withAdminOptions } from './toolkit/options.ts';
import { print, printJson, renderTable } from './toolkit/output.ts';

interface Shown {
  readonly id: string;
  readonly created_at: string;
  readonly retired_at: string | null;
}

/** `postern signing-key …`. */
export function registerSigningKeyCommands(program: Command): void {
  const key = program
    .command('signing-key')
    .description('list and rotate the keys that sign X-Postern-Assertion');

  withAdminOptions(key.command('list').description('list them, newest first'))
    .addHelpText('after', '\nExample:\n  postern signing-key list')
    .action((options: AdminOptions) =>
      withAdmin(options, async (admin) => {
        const answer = expectSuccess(await admin.send('GET', '/v1/signing-keys')) as {
          keys: Shown[];
        };
        if (options.json) return printJson(answer);
        const rows = answer.keys.map(({ id, created_at, retired_at }) => [
          id,
          created_at,
          retired_at ?? 'signs',
        ]);
        print(renderTable(['ID', 'CREATED', 'RETIRED'], rows));
      }),
    );

  withAdminOptions(
    key.command('rotate').description('sign with a new key; the old one stays published for a day'),
  )
    .addHelpText('after', '\nExample:\n  postern signing-key rotate')
    .action((options: AdminOptions) =>
      withAdmin(options, async (admin) => {
        const shown = expectSuccess(await admin.send('POST', '/v1/signing-keys/rotate')) as Shown;
        if (options.json) printJson(shown);
        else print(`${shown.id} is the signing key now`);
      }),
    );
}
