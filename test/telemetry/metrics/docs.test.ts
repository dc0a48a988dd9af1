import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { packageRoot } from '../../../src/lib/resources.ts';
import { type Definition, definitions } from '../../../src/telemetry/metrics/definitions.ts';
import { byUrl, makeJwt, newSigner, startJwksServer } from '../../../testkit/jwt.ts';
import { ask } from '../../../testkit/postern/ask.ts';
import { type Exported, scrapeCounted } from '../../../testkit/postern/metrics.ts';
import { sessions } from '../../../testkit/sign-on/users.ts';
import { startBridged } from './fixture.ts';

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly definition?: string;
    }[];
  };
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

const dashboard = JSON.parse(read('docs/grafana/postern.json')) as Dashboard;
const rules = (parse(read('docs/grafana/alerts.yml')) as Rules).groups.flatMap(
  ({ rules }) => rules,
);
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

/** Every expression that asks for metrics, and where it stands. */
const queries: readonly (readonly [where: string, expression: string])[] = [
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [`panel ${title}`, expr] as const),
  ),
  ...dashboard.templating.list.flatMap(({ name, definition }) =>
    definition === undefined ? [] : [[`variable ${name}`, definition] as const],
  ),
  ...rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
];

/** What Prometheus itself adds to everything it scrapes, and what it knows of a scrape. */
const added = ['job', 'instance'];
const itsOwn = ['up'];

/** Metrics in an expression, each with the labels that are asked of it. */
function metricsIn(expression: string): [name: string, labels: string[]][] {
  const form = /\b([a-z_:][a-z0-9_:]*)\s*(?:\{([^}]*)\})?/g;
  return [...expression.matchAll(form)].flatMap(([, name = '', selector = '']) => {
    if (!/^(?:postern|process|nodejs)_|^up$/.test(name)) return [];
    const labels = [...selector.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/g)];
    return [[name, labels.map(([, label = '']) => label)] as [string, string[]]];
  });
}

/** Labels that an expression groups by, or that variables are made of. */
function groupingsIn(expression: string): string[] {
  const lists = [...expression.matchAll(/\bby \(([^)]*)\)/g)].map(([, list = '']) => list);
  const variables = [...expression.matchAll(/label_values\(.*, (\w+)\)/g)].map(
    ([, one = '']) => one,
  );
  return [...lists.flatMap((list) => list.split(/,\s*/)), ...variables];
}

/** What a service exports that was asked all there is to ask. */
async function exportedBy(t: TestContext): Promise<readonly Exported[]> {
  const signer = newSigner('ES256');
  const jwks = await startJwksServer(t, signer);
  const issuers = {
    partner: { issuer: 'https://issuer.example.com/', audience: 'postern', ...byUrl(jwks) },
  };
  const { postern, name } = await startBridged(t, {
    env: { POSTERN_JWT_ISSUERS: JSON.stringify(issuers) },
    singleProcess: true,
  });
  const { token } = await postern.issue();
  await ask(postern.gate, { host: name, 'x-original-uri': `/?token=${token}` });
  await ask(postern.gate, { host: name, cookie: sessions.tinyauth.alice });
  await ask(postern.gate, { host: name, authorization: `Bearer ${makeJwt(signer)}` });
  await postern.pruning.run();
  return (await scrapeCounted(postern.admin)).samples;
}

test('dashboard, alerts and documentation name what a service exports, and all of it is documented', async (t) => {
  const samples = await exportedBy(t);
  const labelsOf = new Map<string, Set<string>>();
  for (const { name, labels } of samples) {
    const known = labelsOf.get(name) ?? new Set();
    labelsOf.set(name, new Set([...known, ...Object.keys(labels)]));
  }
  for (const [where, expression] of queries) {
    const metrics = metricsIn(expression);
    assert.ok(metrics.length > 0, `${where} asks for nothing`);
    const available = new Set([
      ...added,
      ...metrics.flatMap(([name]) => [...(labelsOf.get(name) ?? [])]),
    ]);
    for (const [name, labels] of metrics) {
      if (itsOwn.includes(name)) continue;
      const own = labelsOf.get(name);
      assert.ok(own !== undefined, `${where}: nothing exports ${name}`);
      for (const label of labels) {
        assert.ok(own.has(label) || added.includes(label), `${where}: ${name} has no ${label}`);
      }
    }
    for (const label of groupingsIn(expression)) {
      assert.ok(available.has(label), `${where}: nothing there has ${label}`);
    }
  }

  const documented = read('docs/metrics.md');
  const families = new Set(
    [...labelsOf.keys()].map((name) =>
      name.replace(/(?<=_seconds|_writes)_(?:bucket|sum|count)$/, ''),
    ),
  );
  const own = [...families].filter((name) => name.startsWith('postern_'));
  const defined = Object.values<Definition>(definitions);
  assert.deepEqual(own.sort(), defined.map(({ name }) => name).sort(), 'all of them have numbers');
  for (const { name, labels, type } of defined) {
    assert.ok(documented.includes(`| \`${name}\` | ${type} |`), `${name} is not documented`);
    const exported = labelsOf.get(type === 'histogram' ? `${name}_sum` : name);
    assert.deepEqual([...(exported ?? [])].sort(), [...labels].sort(), name);
  }
  for (const name of families) {
    if (name.startsWith('postern_')) continue;
    const [prefix = '', suffix = ''] = name.split(
      /(?<=cpu|lag)(?=_(?:user|system|mean|max|p\d+)_)/,
    );
    const part = /^_(?:user|system|mean|max|p\d+)_/.exec(suffix)?.[0];
    const isTold =
      documented.includes(`\`${name}\``) ||
      (part !== undefined && documented.includes(`\`${part}\``) && documented.includes(prefix));
    assert.ok(isTold, `${name} is not documented`);
  }
});

test('names follow the rules of Prometheus: prefix, base units, _total for counters alone', () => {
  for (const { name, type, labels, help, buckets } of Object.values<Definition>(definitions)) {
    assert.match(name, /^postern_[a-z]+(?:_[a-z]+)*$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.doesNotMatch(name, /_(?:ms|milliseconds|minutes|count|sum|bucket)$/);
    assert.ok(
      labels.every((label) => /^[a-z]+$/.test(label) && label !== 'le'),
      name,
    );
    assert.match(help, /\.$/);
    assert.equal(buckets !== undefined, type === 'histogram', name);
  }
});

test('the dashboard can be imported as it is', () => {
  const names = dashboard.templating.list.map(({ name }) => name);
  assert.deepEqual(names, ['datasource', 'job', 'gate']);
  const text = read('docs/grafana/postern.json');
  const used = new Set([...text.matchAll(/\$\{?([a-z]+)\b/g)].map(([, name = '']) => name));
  assert.deepEqual([...used].sort(), [...names].sort());
  const sources = [...text.matchAll(/"uid": "([^"]*)"/g)].map(([, uid]) => uid);
  assert.deepEqual(new Set(sources), new Set([`\${datasource}`, dashboard.uid]));
  const ids = dashboard.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [index, { gridPos: a, title }] of dashboard.panels.entries()) {
    assert.ok(a.x + a.w <= 24, title);
    for (const { gridPos: b, title: other } of dashboard.panels.slice(index + 1)) {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      assert.ok(apart, `${title} lies on ${other}`);
    }
  }
});

test('each alert says what it means and what to do, and names labels that it has', () => {
  assert.ok(rules.length > 5);
  for (const { alert, expr, annotations } of rules) {
    assert.match(alert, /^Postern[A-Z]\w+$/);
    const { summary = '', description = '' } = annotations;
    assert.ok(summary !== '' && description.endsWith('.'), alert);
    const grouped = groupingsIn(expr);
    const named = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)];
    for (const [, label = ''] of named) {
      // Without grouping an expression keeps all labels of its metric.
      assert.ok(grouped.length === 0 || grouped.includes(label), `${alert} has no ${label}`);
    }
  }
});
