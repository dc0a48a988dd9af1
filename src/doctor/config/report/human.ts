import { replaceInvisible } from '../../../lib/replace-invisible.ts';
import { renderPlace } from '../../../proxies/nginx/syntax/index.ts';
import type { Examination } from '../examine.ts';
import { type Finding, type Severity, severities } from '../finding.ts';

const colours: Readonly<Record<Severity, number>> = { fault: 31, warning: 33, notice: 36 };

/** How many places of a finding are named before the rest is counted. */
const namedPlaces = 3;

/** Writes the findings for people. */
export function renderHuman(
  examination: Examination,
  options: { readonly colour: boolean },
): string {
  const paint = (code: number, text: string) =>
    options.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  const blocks = examination.findings.map((finding) => renderFinding(finding, paint));
  const known = examination.known.map(({ file, what }) => `${replaceInvisible(file)}: ${what}.`);
  const idle = examination.idle.map(
    ({ file, line, code, reason }) =>
      `${replaceInvisible(`${file}:${line}: "allow ${code}"`)} silences nothing${reason === '' ? ': say why behind the code' : ' (any more)'}.`,
  );
  return [...blocks, ...section(known), ...section(idle), renderSummary(examination, paint)].join(
    '\n',
  );
}

type Paint = (code: number, text: string) => string;

function renderFinding(finding: Finding, paint: Paint): string {
  const { severity, code, title, place, excerpt, evidence, meaning, change, edits } = finding;
  const rows: [string, string][] = [
    ['in', listed(finding.about)],
    ...evidence.map((one): [string, string] => [
      'see',
      `${renderPlace(one.place)}  ${one.excerpt}`,
    ]),
    ['why', meaning],
    ['do', `${change}${edits.length > 0 ? ' (--fix prints a patch)' : ''}`],
    ['more', `docs/doctor/${code}.md`],
  ];
  const head = `${paint(colours[severity], severity)} ${paint(1, `${code} ${title}`)}`;
  const lines = rows.map(
    ([label, text]) => `  ${paint(2, label.padEnd(5))}${replaceInvisible(text)}`,
  );
  return [head, `  ${replaceInvisible(renderPlace(place))}`, `    ${excerpt}`, ...lines, ''].join(
    '\n',
  );
}

function listed(about: readonly string[]): string {
  const rest = about.length - namedPlaces;
  const named = about.slice(0, namedPlaces).join(', ');
  return rest > 0 ? `${named} and ${rest} more` : named;
}

function section(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [...lines, ''];
}

function renderSummary(examination: Examination, paint: Paint): string {
  const { findings, allowed, files, locations, guarded } = examination;
  const counts = severities.map((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    const text = `${count} ${severity}${count === 1 ? '' : 's'}`;
    return count === 0 ? text : paint(colours[severity], text);
  });
  const silenced = allowed.length === 0 ? '' : `, ${allowed.length} allowed by comments`;
  const looked = `${files} file${files === 1 ? '' : 's'}, ${locations} location${locations === 1 ? '' : 's'}, ${guarded} of them behind auth_request`;
  return `${counts.join(', ')}${silenced} (${looked}).`;
}
