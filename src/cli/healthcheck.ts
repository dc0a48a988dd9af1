import type { Command } from 'commander';
import { sendHttp } from './toolkit/admin-client.ts';
import { CommandFailed } from './toolkit/command-failed.ts';
import { type ConfigOptions, loadConfigFrom, withConfigOption } from './toolkit/options.ts';
import { print } from './toolkit/output.ts';

/** `postern healthcheck`, for containers and service managers. */
export function registerHealthcheckCommand(program: Command): void {
  withConfigOption(
    program
      .command('healthcheck')
      .description('check the health of the running service and its store'),
  )
    .addHelpText('after', '\nExample:\n  postern healthcheck && echo well')
    .action(async (options: ConfigOptions) => {
      const { config } = loadConfigFrom(options);
      const checks = [
        { listener: config.gate.listen, path: '/healthz', name: 'gate' },
        { listener: config.admin.listen, path: '/readyz', name: 'store' },
      ];
      for (const { listener, path, name } of checks) {
        const { status } = await sendHttp(listener, { method: 'GET', path });
        if (status !== 200) throw new CommandFailed(`${name}: ${path} answered ${status}`);
      }
      print('ok');
    });
}
