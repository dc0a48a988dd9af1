import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ListenAddress, parseListenAddress } from '../config/listen-address.ts';
import { renderUnifiedDiff } from '../lib/unified-diff.ts';
import { bundleOptionsOf } from '../proxies/nginx/bundle-options.ts';
import { compareBundle, type FileState, writeBundle } from '../proxies/nginx/config-bundle.ts';
import { isPlainPath } from '../proxies/nginx/plain-path.ts';
import { purgeCache } from '../proxies/nginx/purge-cache.ts';
import {
  type ConfigBundle,
  type Flavour,
  flavours,
  renderBundle,
} from '../proxies/nginx/render.ts';
import { CommandFailed } from './toolkit/command-failed.ts';
import { type ConfigOptions, loadConfigFrom, withConfigOption } from './toolkit/options.ts';
import { print, printStderr } from './toolkit/output.ts';

interface RenderOptions extends ConfigOptions {
  readonly flavour: Flavour;
  readonly gate?: ListenAddress;
  readonly cachePath?: string;
  readonly out?: string;
  readonly check?: string;
  readonly diff?: string;
  readonly file?: string;
  readonly force?: true;
}

/** The output options, which exclude each other. */
const outputOptions = ['out', 'check', 'diff', 'file'] as const;

/** `postern nginx …`. */
export function registerNginxCommands(program: Command): void {
  const nginx = program
    .command('nginx')
    .description("render the files for nginx, clear nginx's answer cache");
  const names = Object.keys(flavours);
  const list = Object.entries(flavours).map(([name, { about }]) => `  ${name.padEnd(22)}${about}`);

  const render = withConfigOption(
    nginx
      .command('render')
      .description('render the files for nginx, for the gates in the configuration')
      .addOption(
        new Option('--flavour <name>', 'the kind of nginx').choices(names).default('plain'),
      ),
  )
    .option('--gate <address>', 'address of Postern for nginx (default: gate.listen)', parseGate)
    .option(
      '--cache-path <dir>',
      "directory of nginx's answer cache, an absolute path",
      parseCachePath,
    );
  for (const option of [
    new Option('--out <dir>', 'write the files, unless one was changed by hand'),
    new Option('--check <dir>', 'list the files that differ; exit code 1 if any does'),
    new Option('--diff <dir>', 'show what would change; exit code 1 if anything would'),
    new Option('--file <name>', 'print one of the files'),
  ]) {
    render.addOption(
      option.conflicts(outputOptions.filter((way) => way !== option.attributeName())),
    );
  }
  render
    .option('--force', 'with --out: also overwrite files that were changed by hand')
    .addHelpText(
      'after',
      `
Flavours:
${list.join('\n')}

Examples:
  postern nginx render --out /etc/nginx/postern
  postern nginx render --check /etc/nginx/postern
  postern nginx render --flavour swag --diff /swag/config/nginx
  postern nginx render --file postern-location.conf`,
    )
    .action((options: RenderOptions) => runRender(options));

  nginx
    .command('purge')
    .description("clear nginx's answer cache; run it on the machine of nginx")
    .requiredOption(
      '--cache-path <dir>',
      'the directory of proxy_cache_path in the rendered files',
      parseCachePath,
    )
    .addHelpText('after', '\nExample:\n  postern nginx purge --cache-path /run/postern-cache')
    .action(({ cachePath }: { cachePath: string }) => {
      const count = purgeCache(cachePath);
      print(`${count} cached ${count === 1 ? 'answer' : 'answers'} removed.`);
    });
}

function runRender(options: RenderOptions): void {
  const bundle = bundleFor(options);
  if (options.out !== undefined) writeFiles(options.out, bundle, options.force === true);
  else if (options.check !== undefined) checkFiles(options.check, bundle);
  else if (options.diff !== undefined) printDiff(options.diff, bundle);
  else if (options.file !== undefined) printFile(options.file, bundle);
  else for (const [path, text] of bundle) print(`# ======== ${path}\n\n${text}`);
}

function bundleFor({ flavour, gate, cachePath, ...options }: RenderOptions): ConfigBundle {
  const configured = bundleOptionsOf(loadConfigFrom(options).config);
  return renderBundle(flavour, {
    ...configured,
    gate: gate ?? flavours[flavour].gate(configured.gate),
    cache: configured.cache && { ...configured.cache, path: cachePath },
  });
}

function writeFiles(directory: string, bundle: ConfigBundle, force: boolean): void {
  const states = compareBundle(directory, bundle);
  const changed = states.filter(({ state }) => state === 'changed');
  if (changed.length > 0 && !force) {
    const names = changed.map(({ path }) => `  ${path}`).join('\n');
    throw new CommandFailed(
      `nothing written: these files in ${directory} were changed by hand, or are not Postern's\n${names}\n--diff shows what would be lost, --force overwrites them.`,
    );
  }
  const stale = states.filter(({ state }) => state !== 'same');
  writeBundle(directory, new Map(stale.map(({ path, rendered }) => [path, rendered])));
  for (const { path } of stale) print(`${path} written`);
  printStderr(
    stale.length > 0
      ? 'Next: nginx -t && nginx -s reload'
      : `All ${states.length} files in ${directory} are up to date.`,
  );
}

const stateMessages = {
  same: 'is up to date',
  missing: 'is missing',
  outdated: 'is out of date',
  changed: 'was changed by hand',
} as const satisfies Record<FileState['state'], string>;

function checkFiles(directory: string, bundle: ConfigBundle): void {
  const states = compareBundle(directory, bundle);
  for (const { path, state } of states) print(`${path} ${stateMessages[state]}`);
  const wrong = states.filter(({ state }) => state !== 'same').length;
  if (wrong > 0) throw new CommandFailed(`${wrong} of ${states.length} files differ; see --diff`);
}

function printDiff(directory: string, bundle: ConfigBundle): void {
  const differences = compareBundle(directory, bundle)
    .map(({ path, existing, rendered }) => {
      const before = existing === undefined ? '/dev/null' : `a/${path}`;
      return renderUnifiedDiff({ before, after: `b/${path}` }, existing ?? '', rendered);
    })
    .filter((text) => text !== '');
  if (differences.length === 0) return;
  process.stdout.write(differences.join(''));
  throw new CommandFailed(`${differences.length} of ${bundle.size} files differ`);
}

function printFile(name: string, bundle: ConfigBundle): void {
  const text = bundle.get(name);
  if (text === undefined) {
    throw new CommandFailed(`there is no file ${name}, only ${[...bundle.keys()].join(', ')}`);
  }
  process.stdout.write(text);
}

function parseGate(text: string): ListenAddress {
  const address = parseListenAddress(text);
  if (address === undefined || (address.kind === 'unix' && !isPlainPath(address.path))) {
    throw new InvalidArgumentError('Write host:port, [ipv6]:port or unix:/path.');
  }
  return address;
}

function parseCachePath(text: string): string {
  if (!isPlainPath(text) || text === '/') {
    throw new InvalidArgumentError('Write an absolute path of letters, digits and . _ -');
  }
  return text;
}
