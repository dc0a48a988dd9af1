import type { Command } from 'commander';
import { registerImportCommand } from './token-import.ts';
import { registerIssueCommands } from './token-issue.ts';
import { registerListCommands } from './token-list.ts';

/** `postern token …` and `postern ticket …`. */
export function registerTokenCommands(program: Command): void {
  const token = program.command('token').description('issue, list, show, change and revoke tokens');
  const ticket = program.command('ticket').description('issue tickets, valid for one handshake');
  registerIssueCommands(token, ticket);
  registerListCommands(token);
  registerImportCommand(token);
}
