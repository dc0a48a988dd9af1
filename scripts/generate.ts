/**
 * Generates from the code: documentation tables (settings, denials, problems, metrics, API), the
 * files in nginx/, and the JSON Schema of postern.yaml. `--check` writes nothing and exits with 1
 * when something is out of date.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { defaultGateSchema, gateSchema } from '../src/config/gates/gate-schema.ts';
import { issuerSchema } from '../src/config/jwt/issuer-schema.ts';
import { settings } from '../src/config/settings.ts';
import { bridgeSchema } from '../src/config/sign-on/bridge-schema.ts';
import { denialStatus } from '../src/core/model/denial-response.ts';
import { type DenialCode, denials } from '../src/core/model/denials.ts';
import { rules } from '../src/doctor/config/rules/index.ts';
import { catalog } from '../src/doctor/probe/catalog.ts';
import type { FindingRule } from '../src/doctor/probe/finding-rule.ts';
import { problems } from '../src/http/problem.ts';
import { defaultBundleOptions } from '../src/proxies/nginx/bundle-options.ts';
import { inheritedGroups } from '../src/proxies/nginx/inherited-directives.ts';
import { renderShippedFiles } from '../src/proxies/nginx/shipped.ts';
import { type Definition, definitions } from '../src/telemetry/metrics/definitions.ts';
import { renderApiReference } from './api-reference.ts';
import { configSchemaFile, renderConfigSchema } from './config-schema.ts';
import { denialAdvice } from './denial-advice.ts';
import { exampleParts } from './example-parts.ts';
import { gateParts } from './gate-parts.ts';
import { renderGoldenFiles } from './golden-files.ts';
import { settingPages } from './setting-pages.ts';

/** The generated parts, by file and marker name. */
const parts = [
  { file: 'docs/configuration.md', name: 'settings', render: renderSettings },
  { file: 'docs/denials.md', name: 'denials', render: renderDenials },
  { file: 'docs/metrics.md', name: 'metrics', render: renderMetrics },
  { file: 'docs/api.md', name: 'problems', render: renderProblems },
  { file: 'docs/api-reference.md', name: 'api', render: renderApiReference },
  { file: 'docs/jwt.md', name: 'issuer', render: () => renderProperties(issuerSchema) },
  { file: 'docs/bridge.md', name: 'bridge', render: () => renderProperties(bridgeSchema) },
  ...gateParts,
  { file: 'docs/gates.md', name: 'rules', render: renderRules },
  { file: 'docs/doctor/README.md', name: 'rules', render: renderDoctorRules },
  { file: 'docs/doctor-findings.md', name: 'findings', render: renderFindings },
  {
    file: 'docs/nginx/inherited-directives.md',
    name: 'directives',
    render: renderInheritedDirectives,
  },
  ...exampleParts('docs/clients.md'),
];

const checking = process.argv.includes('--check');
let stale = 0;
for (const { file, name, render } of parts) {
  const before = readFileSync(file, 'utf8');
  const after = replacePart(before, name, await render());
  if (before === after) continue;
  stale++;
  if (!checking) writeFileSync(file, after);
  process.stderr.write(`${file}: ${name} ${checking ? 'is out of date' : 'written'}\n`);
}
const wholeFiles = [
  [configSchemaFile, renderConfigSchema()] as const,
  ...[...renderShippedFiles(defaultBundleOptions)].map(
    ([path, text]) => [`nginx/${path}`, text] as const,
  ),
  ...[...renderGoldenFiles(defaultBundleOptions)].map(
    ([path, text]) => [`test/proxies/nginx/golden/${path}`, text] as const,
  ),
];
for (const [file, text] of wholeFiles) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  stale++;
  if (!checking) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  process.stderr.write(`${file} ${checking ? 'is out of date' : 'written'}\n`);
}
if (checking && stale > 0) {
  process.stderr.write('Run: npm run generate\n');
  process.exit(1);
}

function replacePart(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- generated: ${name} -->`, '<!-- end -->'];
  const from = text.indexOf(start);
  const to = text.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`there is no place for ${name}`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}

function renderTable(heading: string[], rows: string[][]): string {
  const lines = [heading, heading.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function renderSettings(): string {
  return renderTable(
    ['Setting', 'Variable', 'Default', 'What it does', 'More'],
    settings.map(({ path, variable, schema }) => [
      `<a id="${path.join('.')}"></a>\`${path.join('.')}\``,
      `\`${variable}\``,
      schema.default === undefined ? '–' : `\`${[schema.default].flat().join(',')}\``,
      `${schema.description}${schema.enum === undefined ? '' : ` One of ${schema.enum.join(', ')}.`}`,
      linkTo(pageAbout(path)),
    ]),
  );
}

/** The page in docs/ that explains a setting: the entry for the longest beginning of its path. */
function pageAbout(path: readonly string[]): string {
  for (let length = path.length; length > 0; length--) {
    const page = settingPages.get(path.slice(0, length).join('.'));
    if (page !== undefined) return page;
  }
  throw new Error(`no page explains ${path.join('.')}: name one in scripts/setting-pages.ts`);
}

function linkTo(page: string): string {
  return `[${page.replace(/\.md.*$/, '')}](${page})`;
}

/** A setting, or a section of settings. */
interface Property {
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Property>>;
  /** Set for a section that is documented elsewhere. */
  readonly whole?: boolean;
}

function renderProperties(section: object): string {
  const rows = (properties: Property['properties'] = {}, above = ''): string[][] =>
    Object.entries(properties).flatMap(([name, property]) => {
      const { default: fallback, description = '', properties, whole } = property;
      const inner = whole === true ? undefined : properties;
      const shown = fallback === undefined ? '–' : `\`${fallback}\``;
      return [[`\`${above}${name}\``, shown, description], ...rows(inner, `${above}${name}.`)];
    });
  return renderTable(
    ['Setting', 'Default', 'What it does'],
    rows((section as Property).properties),
  );
}

function renderDoctorRules(): string {
  return renderTable(
    ['Rule', 'What is wrong', 'At worst'],
    rules.map(({ code, title, severities: [worst] }) => [`[${code}](${code}.md)`, title, worst]),
  );
}

/** A table of all findings of the probe, by severity, and a section for each. */
function renderFindings(): string {
  const findings = (['fault', 'warning', 'ok'] as const).flatMap((severity) =>
    Object.entries<FindingRule>(catalog).filter(([, rule]) => rule.severity === severity),
  );
  const table = renderTable(
    ['Code', 'Severity', 'What'],
    findings.map(([code, { severity, title }]) => [`[\`${code}\`](#${code})`, severity, title]),
  );
  return [table, ...findings.map(renderFinding)].join('\n\n');
}

function renderFinding([code, { severity, title, meaning, change }]: [
  string,
  FindingRule,
]): string {
  const lines = [`## ${code}`, `${title}. Severity: ${severity}.`, inText(meaning)];
  return [
    ...lines,
    ...(change === undefined ? [] : [`**What to change:** ${inText(change)}`]),
  ].join('\n\n');
}

/** What is written for a terminal, in Markdown: nothing in it is markup. */
function inText(text: string): string {
  return text.replace(/[<>*_|`]/g, (character) => `\\${character}`);
}

/** The defaults are those of `default_gate`; a named gate has none. */
function renderRules(): string {
  const { hosts, paths } = gateSchema.properties;
  return renderProperties({ properties: { hosts, paths, ...defaultGateSchema.properties } });
}

function renderInheritedDirectives(): string {
  return renderTable(
    ['Module', 'Directives', 'What becomes of it', 'Why'],
    inheritedGroups.map(({ module, names, treatment, reason, since }) => [
      module,
      `${names.map((name) => `\`${name}\``).join(' ')}${since === undefined ? '' : ` (${since})`}`,
      treatment.replace('_', ' '),
      reason,
    ]),
  );
}

/** A table of all codes, and a section for each: what it means, its statuses, what to do. */
function renderDenials(): string {
  const codes = Object.keys(denials) as DenialCode[];
  const table = renderTable(
    ['Code', 'Handshake', 'Other request'],
    codes.map((code) => [
      `[\`${code}\`](#${code})`,
      String(denialStatus(code, true)),
      String(denialStatus(code, false)),
    ]),
  );
  return [table, ...codes.map(renderDenial)].join('\n\n');
}

function renderDenial(code: DenialCode): string {
  const statuses = `${denialStatus(code, true)} for a handshake, ${denialStatus(code, false)} for another request`;
  return `## ${code}

${denials[code].meaning}

- **Status:** ${statuses}.
- **What to do:** ${denialAdvice[code]}`;
}

function renderMetrics(): string {
  return renderTable(
    ['Metric', 'Type', 'Labels', 'Workers', 'What it says'],
    Object.values<Definition>(definitions).map(({ name, type, labels, aggregation, help }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(', ') || '–',
      aggregation,
      help,
    ]),
  );
}

function renderProblems(): string {
  return renderTable(
    ['Code', 'Status', 'Title'],
    Object.entries(problems).map(([code, { status, title }]) => [
      `\`${code}\``,
      String(status),
      title,
    ]),
  );
}
