import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type Examination, examine } from '../doctor/config/examine.ts';
import { type Severity, severities } from '../doctor/config/finding.ts';
import { renderHuman } from '../doctor/config/report/human.ts';
import { toJson } from '../doctor/config/report/json.ts';
import { renderPatch } from '../doctor/config/report/patch.ts';
import { toSarif } from '../doctor/config/report/sarif.ts';
import { rules } from '../doctor/config/rules/index.ts';
import {
  diskFiles,
  type FileSet,
  findNginxVersion,
  type LoadedConfiguration,
  loadConfiguration,
  NginxSyntaxError,
  readDump,
} from '../nginx/syntax/index.ts';
import { version } from '../resources.ts';
import { exitCodes } from './exit-codes.ts';
import { note, print, printJson } from './output.ts';

interface DoctorOptions {
  readonly root?: string;
  readonly nginxVersion?: string;
  readonly failOn: Severity;
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly fix?: boolean;
}

/** `postern doctor config`. */
export function registerDoctorConfig(doctor: Command): void {
  doctor
    .command('config')
    .description('judge an nginx configuration: auth_request and WebSocket')
    .argument(
      '[file]',
      'nginx.conf, a piece of one, or the output of nginx -T; - reads it from standard input',
      '/etc/nginx/nginx.conf',
    )
    .option('--root <directory>', 'look up absolute includes below this directory')
    .option('--nginx-version <version>', 'the version of nginx (1.22.1), or what nginx -V prints')
    .addOption(
      new Option('--fail-on <severity>', 'what ends with exit code 1: this and worse')
        .choices(severities)
        .default('fault'),
    )
    .addOption(new Option('--json', 'print JSON for scripts').conflicts(['sarif', 'fix']))
    .addOption(new Option('--sarif', 'print SARIF 2.1.0').conflicts(['fix']))
    .option('--fix', 'print a patch of the mechanical changes; nothing is written')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing as bad as --fail-on, 1 something is, 3 the configuration cannot be read.

Examples:
  postern doctor config
  nginx -T 2>&1 | postern doctor config -
  postern doctor config --root swag /config/nginx/nginx.conf
  postern doctor config --fix site.conf | patch -p0`,
    )
    .action((file: string, options: DoctorOptions) => {
      try {
        report(file, options);
      } catch (error) {
        if (!(error instanceof NginxSyntaxError)) throw error;
        note(`postern: ${error.message}`);
        process.exitCode = exitCodes.config;
      }
    });
}

function report(file: string, options: DoctorOptions): void {
  const { loaded, nginx } = load(file, options.root);
  const examination = examine(loaded, readVersion(options.nginxVersion) ?? nginx);
  if (options.json) printJson(toJson(examination));
  else if (options.sarif) printJson(toSarif(examination, { version, rules }));
  else if (options.fix)
    process.stdout.write(renderPatch(examination.findings.flatMap(({ edits }) => edits)));
  else print(renderHuman(examination, { colour: process.stdout.hasColors?.() ?? false }));
  process.exitCode = isBadEnough(examination, options.failOn) ? exitCodes.failed : exitCodes.ok;
}

/** Reads a configuration from a file with its includes, or from the output of `nginx -T`. */
function load(
  file: string,
  root: string | undefined,
): { loaded: LoadedConfiguration; nginx: string | undefined } {
  const disk = diskFiles(root);
  const main = file === '-' ? 'stdin' : file;
  const text = file === '-' ? readFileSync(0, 'utf8') : disk.read(file);
  const dump = text === undefined ? undefined : readDump(text);
  if (dump !== undefined && text !== undefined) {
    return { loaded: loadConfiguration(dump.main, dump.files), nginx: findNginxVersion(text) };
  }
  if (file !== '-') return { loaded: loadConfiguration(file, disk), nginx: undefined };
  const files: FileSet = {
    read: (path) => (path === main ? text : disk.read(resolve(path))),
    match: disk.match,
  };
  return { loaded: loadConfiguration(main, files), nginx: undefined };
}

function readVersion(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const found = /^\d+\.\d+\.\d+$/.test(given) ? given : findNginxVersion(given);
  if (found === undefined) {
    throw new NginxSyntaxError(
      '--nginx-version: give a version such as 1.22.1, or what nginx -V prints.',
    );
  }
  return found;
}

function isBadEnough({ findings }: Examination, failOn: Severity): boolean {
  const limit = severities.indexOf(failOn);
  return findings.some(({ severity }) => severities.indexOf(severity) <= limit);
}
