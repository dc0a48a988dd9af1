import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { type Examination, examine } from '../../doctor/config/examine.ts';
import { type Severity, severities } from '../../doctor/config/finding.ts';
import { type CheckedEdits, checkEdits } from '../../doctor/config/fix/check-edits.ts';
import { renderHuman } from '../../doctor/config/report/human.ts';
import { toJson } from '../../doctor/config/report/json.ts';
import { renderPatch } from '../../doctor/config/report/patch.ts';
import { toSarif } from '../../doctor/config/report/sarif.ts';
import { rules } from '../../doctor/config/rules/index.ts';
import { replaceInvisible } from '../../lib/replace-invisible.ts';
import { version as ownVersion } from '../../lib/resources.ts';
import {
  diskFiles,
  type FileSet,
  findNginxVersion,
  type LoadedConfiguration,
  loadConfiguration,
  NginxSyntaxError,
  readDump,
  renderPlace,
} from '../../proxies/nginx/syntax/index.ts';
import { exitCodes } from '../toolkit/exit-codes.ts';
import { print, printJson, printStderr } from '../toolkit/output.ts';
import { prepareNginxTest } from './doctor-config-nginx.ts';
import { readGateFile } from './doctor-gates.ts';

/** Options of `postern doctor config`. */
export interface DoctorOptions {
  readonly root?: string;
  readonly nginxVersion?: string;
  readonly gates?: string;
  readonly failOn: Severity;
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly fix?: boolean;
}

/** Judges a file and prints what was found; returns the exit code. */
export async function judgeFile(file: string, options: DoctorOptions): Promise<number> {
  try {
    return await report(file, options);
  } catch (error) {
    if (!(error instanceof NginxSyntaxError)) throw error;
    printStderr(`postern: ${replaceInvisible(error.message)}`);
    return exitCodes.config;
  }
}

async function report(file: string, options: DoctorOptions): Promise<number> {
  const gates = options.gates === undefined ? undefined : readGateFile(options.gates);
  const { loaded, nginx, main, files } = await load(file, options.root);
  const version = readVersion(options.nginxVersion) ?? nginx;
  const found = examine(loaded, version, gates);
  const origin = { main, files, version, gates };
  const isWhole = nginx === undefined && options.root === undefined && file !== '-';
  const nginxTest = options.fix && isWhole ? prepareNginxTest(main, loaded) : undefined;
  const checked = checkEdits(origin, loaded, found, nginxTest?.check);
  const examination = withEdits(found, checked);
  if (gates?.gates.length === 0) {
    printStderr(`${options.gates} has no gates, so there is nothing to compare with.`);
  }
  if (options.json) printJson(toJson(examination));
  else if (options.sarif) printJson(toSarif(examination, { version: ownVersion, rules }));
  else if (options.fix) writePatch(examination, checked, nginxTest !== undefined);
  else print(renderHuman(examination, { colour: process.stdout.hasColors?.() ?? false }));
  return isBadEnough(examination, options.failOn) ? exitCodes.failed : exitCodes.ok;
}

/** To a terminal nothing of a file goes that it would obey; a patch that is to be applied goes elsewhere. */
function writePatch(
  { findings }: Examination,
  { refused }: CheckedEdits,
  isTestedByNginx: boolean,
): void {
  const patch = renderPatch(findings.flatMap(({ edits }) => edits));
  for (const { finding, why } of refused) {
    const at = `${finding.code} at ${renderPlace(finding.place)}`;
    printStderr(
      replaceInvisible(
        `left out ${at}: with that change ${why}. Change it by hand: ${finding.change}`,
      ),
    );
  }
  if (patch !== '') {
    printStderr(
      `The patch was applied to a copy and judged again${isTestedByNginx ? ', and nginx -t takes it' : '; nginx -t was not asked (no nginx here, or it does not take the files as they are)'}.`,
    );
  }
  const { stdout } = process;
  stdout.write(stdout.isTTY ? patch.split('\n').map(replaceInvisible).join('\n') : patch);
}

/** The examination without the edits that did not pass the checks. */
function withEdits(examination: Examination, { refused }: CheckedEdits): Examination {
  const bad = new Set(refused.map(({ finding }) => finding));
  return {
    ...examination,
    findings: examination.findings.map((one) => (bad.has(one) ? { ...one, edits: [] } : one)),
  };
}

/** More than that is no configuration. */
const maxInput = 64 * 1024 * 1024;

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxInput) throw new NginxSyntaxError('stdin: is larger than 64 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface Loaded {
  readonly loaded: LoadedConfiguration;
  readonly nginx: string | undefined;
  readonly main: string;
  readonly files: FileSet;
}

/** Reads a configuration from a file with its includes, or from the output of `nginx -T`. */
async function load(file: string, root: string | undefined): Promise<Loaded> {
  const disk = diskFiles(root, file === '-' ? '.' : dirname(file));
  const main = file === '-' ? 'stdin' : file;
  const text = file === '-' ? await readInput() : disk.read(file);
  if (text === undefined) refuseMissing(file, root);
  const dump = text === undefined ? undefined : readDump(text);
  if (dump !== undefined && text !== undefined) {
    const { main, files } = dump;
    return { loaded: loadConfiguration(main, files), nginx: findNginxVersion(text), main, files };
  }
  const own: FileSet = {
    read: (path) => (path === main ? text : disk.read(resolve(path))),
    match: disk.match,
    isOwn: (path) => path === main || disk.isOwn?.(resolve(path)) !== false,
  };
  const files = file === '-' ? own : disk;
  return { loaded: loadConfiguration(main, files), nginx: undefined, main, files };
}

/** A path of this machine that was meant for one inside of the root. */
function refuseMissing(file: string, root: string | undefined): void {
  if (root === undefined) return;
  const inside = relative(resolve(root), resolve(file));
  const isBelow = inside !== '' && !inside.startsWith('..') && existsSync(file);
  if (!isBelow) return;
  throw new NginxSyntaxError(
    `${file}: there is no such file inside of --root ${root}. With --root the path is that inside of the root: write /${inside}.`,
  );
}

function readVersion(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const found = /^\d+\.\d+\.\d+$/.test(given) ? given : findNginxVersion(given);
  if (found === undefined) {
    throw new NginxSyntaxError(
      '--nginx-version: give a version such as 1.22.1, or the output of nginx -V.',
    );
  }
  return found;
}

function isBadEnough({ findings }: Examination, failOn: Severity): boolean {
  const limit = severities.indexOf(failOn);
  return findings.some(({ severity }) => severities.indexOf(severity) <= limit);
}
