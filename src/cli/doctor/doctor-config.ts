import { type Command, Option } from 'commander';
import { severities } from '../../doctor/config/finding.ts';
import type { DoctorOptions } from './doctor-config-report.ts';

/** `postern doctor config`. */
export function registerDoctorConfig(doctor: Command): void {
  doctor
    .command('config')
    .description('check an nginx configuration: auth_request and WebSocket')
    .argument(
      '[file]',
      'nginx.conf, a part of one, or the output of nginx -T; - reads standard input',
      '/etc/nginx/nginx.conf',
    )
    .option('--root <directory>', 'look up absolute includes below this directory')
    .option('--nginx-version <version>', 'the version of nginx (1.22.1), or the output of nginx -V')
    .option('--gates <file>', "compare with Postern's gates in this postern.yaml")
    .addOption(
      new Option('--fail-on <severity>', 'exit with code 1 for this severity and worse')
        .choices(severities)
        .default('fault'),
    )
    .addOption(new Option('--json', 'print JSON for scripts').conflicts(['sarif', 'fix']))
    .addOption(new Option('--sarif', 'print SARIF 2.1.0').conflicts(['fix']))
    .option('--fix', 'print a patch of the mechanical changes; nothing is written')
    .addHelpText(
      'after',
      `
Exit codes: 0 no finding reaches --fail-on, 1 one does, 3 the configuration,
or the file with the gates, cannot be read.

Examples:
  postern doctor config
  nginx -V -T 2>&1 | postern doctor config -
  postern doctor config --root swag /config/nginx/nginx.conf
  postern doctor config --gates /etc/postern/postern.yaml
  postern doctor config --fix site.conf | patch -p0`,
    )
    .action(async (file: string, options: DoctorOptions) => {
      // The other commands need none of this.
      const { judgeFile } = await import('./doctor-config-report.ts');
      process.exitCode = await judgeFile(file, options);
    });
}
