import type { Command } from 'commander';
import type { IssuedKey, ShownKey } from '../admin-keys/schemas.ts';
import { expectSuccess } from './toolkit/admin-response.ts';
import { type AdminOptions, collect, withAdmin, withAdminOptions } from './toolkit/options.ts';
import { print, printJson, printStderr, renderTable } from './toolkit/output.ts';

interface CreateOptions extends AdminOptions {
  readonly role: string;
  readonly gate?: string[];
  readonly maxTtl?: string;
  readonly expiresIn?: string;
}

/** `postern key …`. */
export function registerKeyCommands(program: Command): void {
  const key = program.command('key').description('create, list and revoke admin keys');

  withAdminOptions(key.command('create <name>').description('create a key; it is shown only once'))
    .requiredOption('--role <role>', 'admin, issuer, introspector or auditor')
    .option(
      '--gate <gate>',
      'gates that an issuer may issue for (default: all); repeatable',
      collect,
    )
    .option('--max-ttl <duration>', 'maximum lifetime that an issuer may grant')
    .option('--expires-in <duration>', 'lifetime of the key itself (default: forever)')
    .addHelpText(
      'after',
      `
Examples:
  postern key create web --role issuer --gate chat --max-ttl 5m
  postern key create backend --role introspector --expires-in 365d`,
    )
    .action((name: string, options: CreateOptions) =>
      withAdmin(options, async (admin) => {
        const answer = await admin.send('POST', '/v1/keys', {
          name,
          role: options.role,
          gates: options.gate,
          max_ttl: options.maxTtl,
          expires_in: options.expiresIn,
        });
        const issued = expectSuccess(answer) as IssuedKey;
        if (options.json) return printJson(issued);
        printStderr(`Key ${name}, ${issued.role}. This is the only time it is shown:`);
        print(issued.key);
      }),
    );

  withAdminOptions(key.command('list').description('list admin keys'))
    .addHelpText('after', '\nExample:\n  postern key list')
    .action((options: AdminOptions) =>
      withAdmin(options, async (admin) => {
        const answer = expectSuccess(await admin.send('GET', '/v1/keys')) as { keys: ShownKey[] };
        if (options.json) return printJson(answer);
        const rows = answer.keys.map((shown) => [
          shown.name,
          shown.role,
          shown.gates.join(',') || 'all',
          shown.max_ttl ?? 'any',
          shown.expires_at ?? 'never',
          shown.last_used_at ?? 'never',
        ]);
        print(renderTable(['NAME', 'ROLE', 'GATES', 'MAX TTL', 'EXPIRES', 'LAST USED'], rows));
      }),
    );

  withAdminOptions(key.command('revoke <name>').description('revoke an admin key, immediately'))
    .addHelpText('after', '\nExample:\n  postern key revoke web')
    .action((name: string, options: AdminOptions) =>
      withAdmin(options, async (admin) => {
        expectSuccess(await admin.send('DELETE', `/v1/keys/${encodeURIComponent(name)}`));
        if (options.json) printJson({ revoked: name });
        else print(`${name} revoked`);
      }),
    );
}
