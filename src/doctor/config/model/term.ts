import { type Configuration, findAll } from './configuration.ts';
import { bareName } from './map-block.ts';
import { groupsOf } from './pattern.ts';
import { type Scenario, variableIn } from './scenario.ts';
import { evaluate, variablesIn } from './value.ts';

/** The value of a text for the subrequest: known, or at least known to be that of the handshake. */
export interface Term {
  /** Undefined when it cannot be known. */
  readonly text: string | undefined;
  /** What it is made of: two terms with the same symbol have the same value. */
  readonly symbol: string;
  /** The subrequest sees what the client's own request saw. */
  readonly isShared: boolean;
  /** It names a file by the path of the request. */
  readonly isOfPath: boolean;
  /** Clients choose it. */
  readonly isChosen: boolean;
}

/** What a term is worked out from. */
export interface TermSetting {
  readonly configuration: Configuration;
  readonly scenario: Scenario;
  /** Path and arguments; undefined when they cannot be known. */
  readonly uri: string | undefined;
  readonly args: string | undefined;
  readonly variables: ReadonlyMap<string, Term>;
  /** What the last regular expression caught; undefined when that cannot be known. */
  readonly captures: readonly (string | undefined)[] | undefined;
  readonly uriStart: string;
  readonly hasClientQuery: boolean;
  /** It is a request by itself: what a map says about the path is about its own. */
  readonly isSimulated?: true;
}

/** Symbols that grow in loops are no use to anybody. */
const longestSymbol = 400;

/** Variables that are the same for a request and for nginx's question about it. */
const shared =
  /^(?:https?_|https$|cookie_|host$|hostname$|request$|request_(?:method|uri|id|length|time)|scheme$|server_|remote_|binary_remote|realip|proxy_protocol|ssl_|connection|content_|document_root$|realpath_root$|nginx_version$|pid$|tcpinfo|geoip|msec$|time_)/;
const chosen =
  /^(?:https?_|https$|cookie_|arg_|args$|query_string$|is_args$|host$|request|scheme$|content_)/;
const ofPath = new Set(['uri', 'document_uri', 'request_filename', 'fastcgi_script_name']);
const ofRequest = /^(?:args|query_string|is_args|arg_\w+|\d)$/;

const reference = /\$(?:\{(\w+)\}|(\w+))/g;

/** A term whose value is known. */
export function known(text: string): Term {
  return { text, symbol: JSON.stringify(text), isShared: true, isOfPath: false, isChosen: true };
}

/** A term that nothing is known of. */
export function unknown(symbol: string, more: Partial<Term> = {}): Term {
  return { text: undefined, symbol, isShared: false, isOfPath: false, isChosen: false, ...more };
}

/** Works out a text with variables. */
export function termOf(text: string, setting: TermSetting): Term {
  if (!text.includes('$')) return known(text);
  const parts: Term[] = [];
  let last = 0;
  for (const match of text.matchAll(reference)) {
    if (match.index > last) parts.push(known(text.slice(last, match.index)));
    parts.push(variable(match[1] ?? match[2] ?? '', setting));
    last = match.index + match[0].length;
  }
  if (last < text.length) parts.push(known(text.slice(last)));
  return join(parts, '.');
}

/** What a text surely begins with, up to the first variable that cannot be known. */
export function startOf(text: string, setting: TermSetting): string {
  let start = '';
  let last = 0;
  for (const match of text.matchAll(reference)) {
    start += text.slice(last, match.index);
    const name = match[1] ?? match[2] ?? '';
    const value = variable(name, setting).text;
    if (value === undefined) {
      return name === 'uri' || name === 'document_uri' ? start + setting.uriStart : start;
    }
    start += value;
    last = match.index + match[0].length;
  }
  return start + text.slice(last);
}

/** One term of several: known when all are. */
export function join(parts: readonly Term[], sign: string): Term {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const isKnown = parts.every(({ text }) => text !== undefined);
  const text = isKnown ? parts.map((part) => part.text).join('') : undefined;
  const isOfPath = parts.some((part) => part.isOfPath);
  const isShared = parts.every((part) => part.isShared);
  const symbol =
    text === undefined ? parts.map((part) => part.symbol).join(sign) : JSON.stringify(text);
  if (symbol.length > longestSymbol) return unknown('?', { isOfPath });
  return { text, symbol, isShared, isOfPath, isChosen: parts.every((part) => part.isChosen) };
}

function variable(name: string, setting: TermSetting): Term {
  const { configuration, scenario, uri, args, variables, captures } = setting;
  const own = variables.get(name);
  if (own !== undefined) return own;
  if (/^\d$/.test(name)) {
    return captures === undefined ? unknown(`$${name}`) : known(captures[Number(name)] ?? '');
  }
  if (name === 'uri' || name === 'document_uri') {
    return uri === undefined
      ? unknown('$uri', { isOfPath: true })
      : { ...known(uri), isShared: false, isOfPath: true };
  }
  if (ofPath.has(name)) return unknown(`$${name}`, { isOfPath: true });
  if (ofRequest.test(name)) {
    if (args === '') return { ...known(''), isShared: false };
    const sent = setting.hasClientQuery ? variableIn(scenario, name) : undefined;
    if (args === undefined && sent !== undefined) return { ...known(sent), isShared: false };
    return args === undefined || name.startsWith('arg_')
      ? unknown(`$${name}`, { isChosen: true })
      : { ...known(name === 'is_args' ? '?' : args), isShared: false };
  }
  const symbol = `$${name}`;
  if (configuration.maps.has(name)) return throughMap(name, setting);
  if (configuration.assigned.has(name)) {
    // What a location sets, the subrequest finds set when it begins.
    return scenario.isOpen && setInLocations(configuration).has(name) ? unknown(symbol) : known('');
  }
  const text = variableIn(scenario, name);
  if (text !== undefined) return known(text);
  const isShared = shared.test(name);
  return unknown(symbol, { isShared, isChosen: isShared && chosen.test(name) });
}

/**
 * A map keeps the value that it had when it was first asked. So one about the path may have been
 * asked about either path.
 */
function throughMap(name: string, setting: TermSetting): Term {
  const { configuration, scenario, variables } = setting;
  const environment = new Map<string, string | undefined>(
    ['uri', 'document_uri', 'args', 'query_string', 'is_args'].map((one) => [
      one,
      setting.isSimulated ? variable(one, setting).text : undefined,
    ]),
  );
  for (const [one, { text }] of variables) environment.set(one, text);
  const sources = sourcesOf(name, configuration);
  const isOfNewQuery =
    setting.args !== '' && !setting.hasClientQuery && sources.some((one) => one.startsWith('arg_'));
  const text = isOfNewQuery
    ? undefined
    : evaluate(`\${${name}}`, { configuration, scenario, environment });
  if (text !== undefined) return known(text);
  const isShared = sources.every((one) => shared.test(one));
  return unknown(`$${name}`, {
    isShared,
    isChosen: isShared && sources.every((one) => chosen.test(one)),
  });
}

/** The variables behind a map that are no maps themselves; an empty name where rows are missing. */
function sourcesOf(name: string, configuration: Configuration, seen = new Set<string>()): string[] {
  const map = configuration.maps.get(name);
  if (map === undefined) return [name];
  if (seen.has(name)) return [];
  seen.add(name);
  const texts = [map.source, ...map.rows.map(({ value }) => value)];
  return [
    // What addresses and chance decide is the same for both, but nobody chooses it.
    ...(map.isOpen ? ['remote_addr'] : []),
    ...texts.flatMap(variablesIn).flatMap((one) => sourcesOf(one, configuration, seen)),
  ];
}

/** Variables that locations give a value: with `set`, or by the names in their expressions. */
function setInLocations(configuration: Configuration): ReadonlySet<string> {
  const kept = setByConfiguration.get(configuration);
  if (kept !== undefined) return kept;
  const names = new Set<string>();
  for (const server of configuration.servers) {
    for (const { directive } of server.locations()) {
      const inside = directive?.block?.directives ?? [];
      for (const name of ['set', 'auth_request_set']) {
        for (const { args } of findAll(inside, name)) names.add(bareName(args[0] ?? ''));
      }
      for (const name of ['if', 'rewrite', 'location']) {
        for (const { args } of findAll(inside, name)) {
          for (const group of args.flatMap(groupsOf)) names.add(group);
        }
      }
    }
  }
  setByConfiguration.set(configuration, names);
  return names;
}

const setByConfiguration = new WeakMap<Configuration, ReadonlySet<string>>();
