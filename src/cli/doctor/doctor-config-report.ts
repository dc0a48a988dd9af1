import { dirname, resolve } from 'node:path';
import { type Examination, examine } from '../../doctor/config/examine.ts';
import { type Severity, severities } from '../../doctor/config/finding.ts';
import { renderHuman } from '../../doctor/config/report/human.ts';
import { toJson } from '../../doctor/config/report/json.ts';
import { renderPatch } from '../../doctor/config/report/patch.ts';
import { toSarif } from '../../doctor/config/report/sarif.ts';
import { rules } from '../../doctor/config/rules/index.ts';
import { replaceInvisible } from '../../lib/replace-invisible.ts';
import { version } from '../../lib/resources.ts';
import {
  diskFiles,
  type FileSet,
  findNginxVersion,
  type LoadedConfiguration,
  loadConfiguration,
  NginxSyntaxError,
  readDump,
} from '../../proxies/nginx/syntax/index.ts';
import { exitCodes } from '../toolkit/exit-codes.ts';
import { note, print, printJson } from '../toolkit/output.ts';
import type { DoctorOptions } from './doctor-config.ts';
import { readGateFile } from './doctor-gates.ts';

/** Judges a file and prints what was found; returns the exit code. */
export async function judgeFile(file: string, options: DoctorOptions): Promise<number> {
  try {
    return await report(file, options);
  } catch (error) {
    if (!(error instanceof NginxSyntaxError)) throw error;
    note(`postern: ${replaceInvisible(error.message)}`);
    return exitCodes.config;
  }
}

async function report(file: string, options: DoctorOptions): Promise<number> {
  const gates = options.gates === undefined ? undefined : readGateFile(options.gates);
  const { loaded, nginx } = await load(file, options.root);
  const examination = examine(loaded, readVersion(options.nginxVersion) ?? nginx, gates);
  if (gates?.gates.length === 0) {
    note(`${options.gates} has no gates: every name is one, and there is nothing to compare with.`);
  }
  if (options.json) printJson(toJson(examination));
  else if (options.sarif) printJson(toSarif(examination, { version, rules }));
  else if (options.fix) writePatch(examination);
  else print(renderHuman(examination, { colour: process.stdout.hasColors?.() ?? false }));
  return isBadEnough(examination, options.failOn) ? exitCodes.failed : exitCodes.ok;
}

/** To a terminal nothing of a file goes that it would obey; a patch that is to be applied goes elsewhere. */
function writePatch({ findings }: Examination): void {
  const patch = renderPatch(findings.flatMap(({ edits }) => edits));
  const { stdout } = process;
  stdout.write(stdout.isTTY ? patch.split('\n').map(replaceInvisible).join('\n') : patch);
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

/** Reads a configuration from a file with its includes, or from the output of `nginx -T`. */
async function load(
  file: string,
  root: string | undefined,
): Promise<{ loaded: LoadedConfiguration; nginx: string | undefined }> {
  const disk = diskFiles(root, file === '-' ? '.' : dirname(file));
  const main = file === '-' ? 'stdin' : file;
  const text = file === '-' ? await readInput() : disk.read(file);
  const dump = text === undefined ? undefined : readDump(text);
  if (dump !== undefined && text !== undefined) {
    return { loaded: loadConfiguration(dump.main, dump.files), nginx: findNginxVersion(text) };
  }
  if (file !== '-') return { loaded: loadConfiguration(file, disk), nginx: undefined };
  const files: FileSet = {
    read: (path) => (path === main ? text : disk.read(resolve(path))),
    match: disk.match,
    isOwn: (path) => path === main || disk.isOwn?.(resolve(path)) !== false,
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
