import {
  type LoadedConfiguration,
  NginxSyntaxError,
  renderPlace,
} from '../../proxies/nginx/syntax/index.ts';
import { type Allowance, allowanceFor, findAllowances } from './allow.ts';
import { type Analysis, analyze } from './analysis.ts';
import { excerptOf, type Finding, type Report, severities } from './finding.ts';
import { commentsIn, type GateFile } from './gate-file.ts';
import { buildConfiguration } from './model/configuration.ts';
import type { Rule } from './rule.ts';
import { rules } from './rules/index.ts';
import { recogniseFile } from './swag-files.ts';

/** What the doctor found in a configuration. */
export interface Examination {
  /** Worst first, then in the order of the files. */
  readonly findings: readonly Finding[];
  /** Findings that a comment in the configuration allows. */
  readonly allowed: readonly { readonly finding: Finding; readonly reason: string }[];
  /** Comments that allow nothing: the rule finds nothing there, or the reason is missing. */
  readonly idle: readonly Allowance[];
  /** Files that are known, and what they are. */
  readonly known: readonly { readonly file: string; readonly what: string }[];
  readonly files: number;
  readonly locations: number;
  readonly guarded: number;
  readonly version: string | undefined;
}

/**
 * Judges a configuration by all rules. `version` is nginx's, where it is known; `gates` are those of
 * Postern, for the rules that compare them with nginx.
 */
export function examine(
  loaded: LoadedConfiguration,
  version?: string,
  gates?: GateFile,
): Examination {
  const analysis = analyze(buildConfiguration(loaded, version), gates);
  const all = rules.flatMap((rule) => apply(rule, analysis)).sort(compare);
  const allowances = findAllowances([
    ...loaded.comments,
    ...(gates === undefined ? [] : commentsIn(gates.source)),
  ]);
  const findings: Finding[] = [];
  const allowed: { finding: Finding; reason: string }[] = [];
  const used = new Set<Allowance>();
  for (const finding of all) {
    const allowance = allowanceFor(allowances, finding.code, finding.place);
    if (allowance === undefined) {
      findings.push(finding);
    } else {
      used.add(allowance);
      allowed.push({ finding, reason: allowance.reason });
    }
  }
  return {
    findings,
    allowed,
    idle: allowances.filter((one) => !used.has(one) && !isUnasked(one, gates)),
    known: loaded.files.flatMap(({ source }) => {
      const what = recogniseFile(source);
      return what === undefined ? [] : [{ file: source.name, what }];
    }),
    files: loaded.files.length,
    locations: analysis.entries.length,
    guarded: analysis.guarded.length,
    version,
  };
}

/** Nothing says that an allowance is idle where its rule had no gates to compare with. */
function isUnasked({ code }: Allowance, gates: GateFile | undefined): boolean {
  return gates === undefined && rules.some((rule) => rule.code === code && rule.needsGates);
}

/** Runs a rule; reports on the same directive become one finding. */
function apply(rule: Rule, analysis: Analysis): Finding[] {
  const groups = Map.groupBy(
    run(rule, analysis),
    ({ at, severity }) => `${severity} ${renderPlace(at.place)}`,
  );
  return [...groups.values()].map((reports) => toFinding(rule, reports as [Report, ...Report[]]));
}

function* run(rule: Rule, analysis: Analysis): Generator<Report> {
  try {
    yield* rule.find(analysis);
  } catch (error) {
    // Deep nesting by includes may end the stack; that is about the input, and is said as such.
    if (!(error instanceof RangeError)) throw error;
    throw new NginxSyntaxError(
      `the configuration is nested too deeply to be judged (${rule.code}).`,
    );
  }
}

function toFinding({ code, title }: Rule, reports: readonly [Report, ...Report[]]): Finding {
  const [{ severity, at, because = [], meaning, change }] = reports;
  const edits = reports.flatMap((report) => report.edits ?? []);
  return {
    ...{ code, title, severity, place: at.place, excerpt: excerptOf(at) },
    evidence: because
      .filter((one) => one !== at)
      .map((one) => ({ place: one.place, excerpt: excerptOf(one) })),
    about: [...new Set(reports.map(({ about }) => about))],
    ...{ meaning, change, edits },
  };
}

function compare(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    a.code.localeCompare(b.code) ||
    a.place.file.localeCompare(b.place.file) ||
    a.place.line - b.place.line
  );
}
