import {
  type FileSet,
  type LoadedConfiguration,
  loadConfiguration,
  NginxSyntaxError,
} from '../../../proxies/nginx/syntax/index.ts';
import type { Edit } from '../edit.ts';
import { type Examination, examine } from '../examine.ts';
import type { Finding } from '../finding.ts';
import type { GateFile } from '../gate-file.ts';
import { buildConfiguration, type Configuration } from '../model/configuration.ts';
import { applyEdits, editsByFile } from '../report/patch.ts';
import { behaviourOf, findDamage } from './behaviour.ts';

/** Where a configuration was read from, so that a changed copy can be read in the same way. */
export interface Origin {
  readonly main: string;
  readonly files: FileSet;
  readonly version: string | undefined;
  readonly gates: GateFile | undefined;
}

/** Edits that the checks let through, and those that they did not. */
export interface CheckedEdits {
  readonly edits: readonly Edit[];
  readonly refused: readonly { readonly finding: Finding; readonly why: string }[];
}

/** Looks at a changed copy with something beside the model, such as nginx; says what is wrong with it. */
export type CopyCheck = (changed: ReadonlyMap<string, string>) => string | undefined;

/**
 * Applies the edits of all findings to a copy and judges the copy: for every server that includes a
 * changed file, no request may come to an error, past the auth service or away from the login that
 * did not before, and no rule may find something new. Edits that do not pass are left out.
 */
export function checkEdits(
  origin: Origin,
  loaded: LoadedConfiguration,
  examination: Examination,
  checkCopy: CopyCheck = () => undefined,
): CheckedEdits {
  const findings = examination.findings.filter(({ edits }) => edits.length > 0);
  if (findings.length === 0) return { edits: [], refused: [] };
  const before = judge(buildConfiguration(loaded, origin.version), examination);
  const accepted: Finding[] = [];
  const refused: { finding: Finding; why: string }[] = [];
  const faultOf = (list: readonly Finding[]): string | undefined => {
    const edits = list.flatMap((one) => one.edits);
    const changed = new Map(
      editsByFile(edits).map(({ source, edits: own }) => [
        source.name,
        applyEdits(source.text, own),
      ]),
    );
    return damageIn(origin, changed, before) ?? checkCopy(changed);
  };
  // Most patches are right as a whole; where one is not, halves show which part of it.
  const take = (list: readonly Finding[]): void => {
    if (list.length === 0) return;
    const why = faultOf([...accepted, ...list]);
    const [only] = list;
    if (why === undefined) accepted.push(...list);
    else if (list.length === 1 && only !== undefined) refused.push({ finding: only, why });
    else {
      const middle = Math.ceil(list.length / 2);
      take(list.slice(0, middle));
      take(list.slice(middle));
    }
  };
  take(findings);
  return { edits: accepted.flatMap((one) => one.edits), refused };
}

interface Judged {
  readonly configuration: Configuration;
  readonly behaviour: ReturnType<typeof behaviourOf>;
  readonly found: ReadonlySet<string>;
}

function judge(configuration: Configuration, { findings }: Examination): Judged {
  const found = findings
    .filter(({ severity }) => severity !== 'notice')
    .flatMap(({ code, about }) => about.map((one) => `${code} in ${one}`));
  return { configuration, behaviour: behaviourOf(configuration), found: new Set(found) };
}

function damageIn(
  { main, files, version, gates }: Origin,
  changed: ReadonlyMap<string, string>,
  before: Judged,
): string | undefined {
  const copy: FileSet = {
    ...files,
    read: (path) => changed.get(path) ?? files.read(path),
  };
  try {
    const loaded = loadConfiguration(main, copy);
    const after = judge(buildConfiguration(loaded, version), examine(loaded, version, gates));
    const damage = findDamage(before.behaviour, after.behaviour);
    if (damage !== undefined) return damage;
    const fresh = [...after.found].find((one) => !before.found.has(one));
    return fresh === undefined ? undefined : `the changed configuration has ${fresh}`;
  } catch (error) {
    if (!(error instanceof NginxSyntaxError)) throw error;
    return error.message;
  }
}
