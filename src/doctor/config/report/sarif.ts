import type { Place } from '../../../proxies/nginx/syntax/index.ts';
import type { Examination } from '../examine.ts';
import type { Finding, Severity } from '../finding.ts';
import type { Rule } from '../rule.ts';

const levels: Readonly<Record<Severity, string>> = {
  fault: 'error',
  warning: 'warning',
  notice: 'note',
};

/** The findings as a SARIF 2.1.0 log, for code scanning and editors. */
export function toSarif(
  { findings, allowed }: Examination,
  tool: { readonly version: string; readonly rules: readonly Rule[] },
): object {
  const driver = {
    name: 'postern doctor config',
    version: tool.version,
    rules: tool.rules.map(({ code, title, severities: [worst] }) => ({
      id: code,
      shortDescription: { text: title },
      defaultConfiguration: { level: levels[worst] },
      help: { text: `docs/doctor/${code}.md` },
    })),
  };
  const results = [
    ...findings.map((finding) => toResult(finding, tool.rules)),
    ...allowed.map(({ finding, reason }) => ({
      ...toResult(finding, tool.rules),
      suppressions: [{ kind: 'inSource', justification: reason }],
    })),
  ];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  };
}

function toResult(finding: Finding, rules: readonly Rule[]): object {
  const { code, severity, place, evidence, meaning, change, about } = finding;
  return {
    ruleId: code,
    ruleIndex: rules.findIndex((rule) => rule.code === code),
    level: levels[severity],
    message: { text: `${about.join(', ')}: ${meaning} ${change}` },
    locations: [toLocation(place)],
    relatedLocations: evidence.map((one, id) => ({
      id,
      ...toLocation(one.place),
      message: { text: one.excerpt },
    })),
  };
}

function toLocation({ file, line, column }: Place): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: encodeURI(file) },
      region: { startLine: line, startColumn: column },
    },
  };
}
