import type { Command } from 'commander';
import type { ShownJwtRevocation, ShownJwtRevocationPage } from '../jwt/routes.ts';
import { replaceInvisible } from '../lib/replace-invisible.ts';
import { expectSuccess } from './toolkit/admin-response.ts';
import { type AdminOptions, withAdmin, withAdminOptions } from './toolkit/options.ts';
import { print, printJson, printStderr, renderTable } from './toolkit/output.ts';
import { toQuery } from './toolkit/query.ts';

interface RevokeOptions extends AdminOptions {
  readonly issuer: string;
  readonly jti?: string;
  readonly subject?: string;
  readonly issuedBefore?: string;
  readonly expiresAt?: string;
}

interface ListOptions extends AdminOptions {
  readonly limit?: string;
  readonly cursor?: string;
}

/** `postern jwt …`. */
export function registerJwtCommands(program: Command): void {
  const jwt = program.command('jwt').description('revoke JWTs of other issuers');

  withAdminOptions(
    jwt.command('revoke').description('revoke a JWT, or all JWTs of a subject, immediately'),
  )
    .requiredOption('--issuer <name>', 'name of the issuer in jwt.issuers')
    .option('--jti <jti>', 'the JWT with this jti, which is the token_id in the log')
    .option('--subject <subject>', 'all JWTs of this subject')
    .option(
      '--issued-before <time>',
      "with --subject: issued up to this time (default: now plus the issuer's leeway)",
    )
    .option(
      '--expires-at <time>',
      'when the JWTs expire; the revocation is then deleted (default: kept forever)',
    )
    .addHelpText(
      'after',
      `
Examples:
  postern jwt revoke --issuer keycloak --jti 5f0c8a52-4b3e-4c0e-9d59-0f1f6f1f2a11
  postern jwt revoke --issuer keycloak --subject alice
  postern jwt revoke --issuer keycloak --subject alice --issued-before 2027-01-31T12:00:00Z`,
    )
    .action((options: RevokeOptions, command: Command) => {
      if ((options.jti === undefined) === (options.subject === undefined)) {
        command.error('error: name one JWT by its --jti, or all of a --subject');
      }
      return withAdmin(options, async (admin) => {
        const answer = await admin.send('POST', '/v1/jwt/revoke', {
          issuer: options.issuer,
          jti: options.jti,
          subject: options.subject,
          issued_before: options.issuedBefore,
          expires_at: options.expiresAt,
        });
        const revocation = expectSuccess(answer) as ShownJwtRevocation;
        if (options.json) printJson(revocation);
        else print(replaceInvisible(`${describe(revocation)} revoked`));
      });
    });

  withAdminOptions(jwt.command('revocations').description('list revocations, newest first'))
    .option('--limit <n>', 'rows per page (default: 50)')
    .option('--cursor <cursor>', 'start of the next page')
    .addHelpText('after', '\nExample:\n  postern jwt revocations --json')
    .action((options: ListOptions) =>
      withAdmin(options, async (admin) => {
        const query = toQuery(options, ['limit', 'cursor']);
        const answer = await admin.send('GET', `/v1/jwt/revocations?${query}`);
        const page = expectSuccess(answer) as ShownJwtRevocationPage;
        if (options.json) return printJson(page);
        if (page.revocations.length === 0) return printStderr('No revocations.');
        const rows = page.revocations.map((revocation) => [
          revocation.issuer ?? revocation.iss,
          describe(revocation),
          revocation.revoked_at,
          revocation.expires_at ?? 'for good',
        ]);
        print(renderTable(['ISSUER', 'WHAT', 'REVOKED', 'KEPT UNTIL'], rows));
        if (page.next_cursor !== null) printStderr(`\nMore: --cursor ${page.next_cursor}`);
      }),
    );
}

function describe({ jti, subject, issued_before }: ShownJwtRevocation): string {
  return jti === null ? `all of ${subject} up to ${issued_before}` : `jti ${jti}`;
}
