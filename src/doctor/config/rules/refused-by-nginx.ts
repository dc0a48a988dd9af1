import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { describe } from '../analysis.ts';
import type { Report } from '../finding.ts';
import { readCondition } from '../model/condition.ts';
import type { Configuration } from '../model/configuration.ts';
import { definedVariables, isOfModule } from '../model/defined-variables.ts';
import { type Context, contextsOf, isSingle } from '../model/nginx-directives.ts';
import type { Scope } from '../model/scope.ts';
import { variablesIn } from '../model/value.ts';
import type { Rule } from '../rule.ts';

/** What nginx refuses to start with, or to reload. */
export const refusedByNginx: Rule = {
  code: 'PD044',
  title: 'nginx does not start with this configuration',
  severities: ['fault', 'notice'],
  *find({ configuration }) {
    const { http, isFragment, missing } = configuration;
    yield* visit(http, configuration, undefined);
    // What is not there to be read may define the variable.
    if (!isFragment && missing.length === 0) yield* unknownVariables(configuration);
  },
};

const startless =
  'nginx refuses the whole configuration: it does not start, and after a reload it goes on with the old one.';

function* visit(
  scope: Scope,
  configuration: Configuration,
  around: Scope | undefined,
): Generator<Report> {
  // Where a piece of a configuration belongs is not known; what is inside it is.
  const isPiece = scope.directive === undefined || scope.directive.words.length === 0;
  if (!(isPiece && configuration.isFragment)) yield* misplaced(scope);
  yield* duplicates(scope);
  yield* badLocations(scope);
  for (const child of scope.children) yield* visit(child, configuration, scope);
  if (around === undefined) return;
  yield* badProxyPass(scope);
}

function* misplaced(scope: Scope): Generator<Report> {
  for (const directive of scope.directives) {
    const allowed = contextsOf(directive.name);
    if (allowed === undefined || allowed.has(scope.kind as Context)) continue;
    yield {
      severity: 'fault',
      at: directive,
      about: describe(scope),
      because: scope.directive === undefined ? [] : [scope.directive],
      meaning: `"${directive.name}" is not allowed in ${scope.kind}. ${startless}`,
      change: `It belongs into ${[...allowed].join(', ')}: move it there.`,
    };
  }
}

function* duplicates(scope: Scope): Generator<Report> {
  const seen = new Map<string, Directive>();
  for (const directive of scope.directives) {
    const { name } = directive;
    if (!isSingle(name)) continue;
    const first = seen.get(name);
    seen.set(name, first ?? directive);
    if (first === undefined) continue;
    yield {
      severity: 'fault',
      at: directive,
      about: describe(scope),
      because: [first],
      meaning: `"${name}" stands twice in this block${first.source === directive.source ? '' : `, once from ${first.source.name}`}. ${startless}`,
      change: 'Keep one of the two.',
    };
  }
}

/** Locations that stand twice, or where nginx takes none. */
function* badLocations(scope: Scope): Generator<Report> {
  const seen = new Map<string, Directive>();
  for (const location of scope.locations()) {
    const { match, directive } = location;
    if (match === undefined || directive === undefined) continue;
    if (match.kind === 'regex') continue;
    // nginx takes the first of two named ones.
    const key =
      match.kind === 'named' ? undefined : `${match.kind === 'exact' ? '=' : ''} ${match.path}`;
    const first = key === undefined ? undefined : seen.get(key);
    if (key !== undefined) seen.set(key, first ?? directive);
    const fault = { severity: 'fault', at: directive, about: describe(location) } as const;
    if (first !== undefined) {
      yield {
        ...fault,
        because: [first],
        meaning: `${location.title} stands twice in one block. ${startless}`,
        change: 'Put the lines of both into one location, and take the other away.',
      };
    }
    const outer = scope.match;
    if (outer === undefined) continue;
    const isOutside =
      match.kind !== 'named' && 'path' in outer && !match.path.startsWith(outer.path);
    if (match.kind !== 'named' && !isOutside && outer.kind !== 'exact' && outer.kind !== 'named') {
      continue;
    }
    yield {
      ...fault,
      because: scope.directive === undefined ? [] : [scope.directive],
      meaning: `${location.title} cannot stand in ${scope.title}: ${match.kind === 'named' ? 'named locations stand in server alone' : 'a nested location begins with the path of the one around it'}. ${startless}`,
      change: 'Move it out of that location.',
    };
  }
}

/** A `proxy_pass` with a path where nginx has nothing to put in its place. */
function* badProxyPass(scope: Scope): Generator<Report> {
  for (const line of scope.own('proxy_pass')) {
    const [target = ''] = line.args;
    const isBlind =
      scope.kind === 'if' ||
      scope.kind === 'limit_except' ||
      scope.match?.kind === 'regex' ||
      scope.match?.kind === 'named';
    if (!isBlind || target.includes('$') || !/^https?:\/\/[^/]+\//.test(target)) continue;
    yield {
      severity: 'fault',
      at: line,
      about: describe(scope),
      meaning: `proxy_pass cannot have a path in ${scope.kind === 'location' ? scope.title : scope.kind}: nginx does not know which part of the request's it takes the place of. ${startless}`,
      change: `Write ${/^https?:\/\/[^/]+/.exec(target)?.[0]} without a path, and change the path with rewrite … break; before it.`,
    };
  }
}

function* unknownVariables(configuration: Configuration): Generator<Report> {
  const { http, hasModules } = configuration;
  const defined = definedVariables(http.directives);
  const seen = new Set<string>();
  for (const { directive, scope } of usesIn(http)) {
    for (const name of namesIn(directive)) {
      if (defined.has(name) || isOfModule(name) || seen.has(name)) continue;
      seen.add(name);
      yield {
        severity: hasModules ? 'notice' : 'fault',
        at: directive,
        about: describe(scope),
        meaning: `Nothing in this configuration makes the variable $${name}, and nginx has none of that name${hasModules ? '; one of the loaded modules may' : ''}: unknown "${name}" variable. ${startless}`,
        change: `${hint(name)}Correct the name, or define it: with map in http, or with set.`,
      };
    }
  }
}

function hint(name: string): string {
  return /connection_upgrade/.test(name)
    ? 'Add to http: map $http_upgrade $connection_upgrade { default upgrade; "" close; }. '
    : '';
}

/** The variables that a directive asks for. An `if` takes the whole word for a name: `$lan-ip`. */
function namesIn({ name, args }: Directive): readonly string[] {
  if (name === 'set') return args.slice(1).flatMap(variablesIn);
  if (name === 'auth_request_set') return args.slice(1).flatMap(variablesIn);
  if (name !== 'if') return args.flatMap(variablesIn);
  const [left = '', , right = ''] = readCondition(args);
  const isWhole = left.startsWith('$') && !left.startsWith('${');
  return [...(isWhole ? [left.slice(1)] : variablesIn(left)), ...variablesIn(right)];
}

/** Directives of nginx's own that take variables, and where they stand. */
const takers =
  /^(?:proxy_(?:set_header|pass|set_body|cache_key|method|bind)|add_header|return|if|set|rewrite|auth_request_set|error_page|root|alias|try_files|fastcgi_param|fastcgi_pass|uwsgi_param|grpc_set_header)$/;

function* usesIn(scope: Scope): Generator<{ directive: Directive; scope: Scope }> {
  for (const directive of scope.directives) {
    if (takers.test(directive.name)) yield { directive, scope };
  }
  for (const child of scope.children) yield* usesIn(child);
}
