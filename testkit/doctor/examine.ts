import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { readGateFile } from '../../src/cli/doctor/doctor-gates.ts';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Examination, examine } from '../../src/doctor/config/examine.ts';
import type { Finding } from '../../src/doctor/config/finding.ts';
import type { GateFile } from '../../src/doctor/config/gate-file.ts';
import { bundleOptionsOf } from '../../src/proxies/nginx/bundle-options.ts';
import { renderBundle } from '../../src/proxies/nginx/render.ts';
import { matchesPath } from '../../src/proxies/nginx/syntax/glob.ts';
import { type FileSet, loadConfiguration } from '../../src/proxies/nginx/syntax/load.ts';

/**
 * Files of a configuration by name; `site.conf` is the one that includes the others. With a
 * `postern.yaml` among them, Postern's own files for its gates are below `postern/`.
 */
export type ConfigFiles = Readonly<Record<string, string>>;

/** The version of nginx that runs in the tests, for rules that ask for it. */
export const testedVersion = '1.22.1';

/** Files in memory, as the loader wants them. */
export function memoryFiles(files: ConfigFiles): FileSet {
  return {
    read: (path) => files[path],
    match: (pattern) =>
      Object.keys(files)
        .filter((name) => matchesPath(posix.normalize(pattern), name))
        .sort(),
  };
}

/** The file of an example that holds its gates. */
export const gateFileName = 'postern.yaml';

/** The gates of an example. */
export function gatesIn(files: ConfigFiles): GateFile | undefined {
  const text = files[gateFileName];
  if (text === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'postern-gates-'));
  try {
    const file = join(directory, gateFileName);
    writeFileSync(file, text);
    const read = readGateFile(file);
    const places = [...read.places].map(
      ([name, place]) => [name, { ...place, file: gateFileName }] as const,
    );
    return { ...read, source: { name: gateFileName, text }, places: new Map(places) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Postern's files for nginx, below `postern/`. */
export function kitFor({ gates }: Pick<GateFile, 'gates'>, listen?: ListenAddress): ConfigFiles {
  const { config } = loadConfig({ env: { POSTERN_GATE_LISTEN: '127.0.0.1:8420' } });
  const options = bundleOptionsOf({ ...config, gates });
  const kit = renderBundle('plain', { ...options, gate: listen ?? options.gate });
  return Object.fromEntries([...kit].map(([name, text]) => [`postern/${name}`, text]));
}

/** Postern's files for the gates of an example; none where it has no gates. */
export function kitOf(files: ConfigFiles): ConfigFiles {
  const gates = gatesIn(files);
  return gates === undefined ? {} : kitFor(gates);
}

/** Judges files in memory. */
export function examineFiles(
  files: ConfigFiles,
  version: string | undefined = testedVersion,
): Examination {
  const gates = gatesIn(files);
  const all = { ...kitOf(files), ...files };
  return examine(loadConfiguration('site.conf', memoryFiles(all)), version, gates);
}

/** Judges a text. */
export function examineText(text: string, version?: string): Examination {
  return examineFiles({ 'site.conf': text }, version);
}

/** The codes of findings, with their severity: `PD001 fault`. */
export function codesOf(findings: readonly Finding[]): string[] {
  return findings.map(({ code, severity }) => `${code} ${severity}`);
}
