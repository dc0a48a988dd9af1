import type {
  Comment,
  Directive,
  LoadedConfiguration,
  ParsedFile,
} from '../../../proxies/nginx/syntax/index.ts';
import { bareName, type MapBlock, readMaps } from './map-block.ts';
import { Scope } from './scope.ts';

/** The `http` part of a configuration, ready to be judged. */
export interface Configuration {
  readonly http: Scope;
  readonly servers: readonly Scope[];
  readonly maps: ReadonlyMap<string, MapBlock>;
  /** Names of variables that `set` and `auth_request_set` make; empty until then. */
  readonly assigned: ReadonlySet<string>;
  readonly upstreams: ReadonlyMap<string, Directive>;
  readonly files: readonly ParsedFile[];
  readonly comments: readonly Comment[];
  readonly missing: readonly Directive[];
  /** True where the input is a piece of a configuration (a server, a location), not a whole one. */
  readonly isFragment: boolean;
  /** Modules of others are loaded, which may bring directives and variables. */
  readonly hasModules: boolean;
  /** As `nginx -v` says it. */
  readonly version: string | undefined;
}

/** Variables that the request fills, although `set` can write some of them. */
const ofRequest = /^(?:(?:http|sent_http|upstream|cookie|arg)_|args$|uri$|limit_rate$)/;

const httpOnly = new Set([
  ...['server', 'map', 'upstream', 'log_format', 'geo', 'split_clients', 'proxy_cache_path'],
  ...['limit_req_zone', 'limit_conn_zone'],
]);

/** Builds the model of a configuration, or of a piece that belongs into `http`, `server` or `location`. */
export function buildConfiguration(
  loaded: LoadedConfiguration,
  version: string | undefined,
): Configuration {
  const { directives } = loaded;
  const blocks = directives.filter(({ name, block }) => name === 'http' && block !== undefined);
  const isFragment = blocks.length === 0 && !directives.some(({ name }) => name === 'events');
  const inHttp = isFragment
    ? wrap(directives)
    : blocks.flatMap(({ block }) => block?.directives ?? []);
  const http = new Scope('http', inHttp, undefined, blocks[0]);
  return {
    http,
    servers: http.children.filter(({ kind }) => kind === 'server'),
    maps: readMaps(http),
    assigned: new Set(
      ['set', 'auth_request_set']
        .flatMap((name) => findAll(inHttp, name).map(({ args }) => bareName(args[0] ?? '')))
        .filter((name) => !ofRequest.test(name)),
    ),
    upstreams: new Map(http.own('upstream').map((one) => [one.args[0] ?? '', one])),
    files: loaded.files,
    comments: loaded.comments,
    missing: loaded.missing,
    isFragment,
    hasModules: findAll(directives, 'load_module').length > 0,
    version,
  };
}

/** All directives of a name, however deep they stand. */
export function findAll(directives: readonly Directive[], name: string): Directive[] {
  return directives.flatMap((one) => [
    ...(one.name === name ? [one] : []),
    ...(one.block === undefined ? [] : findAll(one.block.directives, name)),
  ]);
}

/** Puts around a piece of a configuration what is missing. */
function wrap(directives: readonly Directive[]): readonly Directive[] {
  if (directives.length === 0 || directives.some(({ name }) => httpOnly.has(name))) {
    return directives;
  }
  const inServer = directives.some(({ name }) => name === 'location');
  const outer = inServer ? [] : [around('location', ['/'], directives)];
  return [around('server', [], inServer ? directives : outer)];
}

function around(name: string, args: string[], directives: readonly Directive[]): Directive {
  const [first] = directives as [Directive, ...Directive[]];
  const { place, source } = first;
  const block = { directives, start: 0, end: source.text.length };
  return { name, args, words: [], place, source, end: block.end, block };
}
