import { type Fact, subrequestHeaders } from '../proxies/subrequest-headers.ts';

/** The head of a subrequest: an IncomingMessage of Node, or one that `explain` makes up. */
export interface SubrequestHead {
  readonly method?: string | undefined;
  /** Undefined for a Unix socket. */
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
}

const facts = [...new Set(subrequestHeaders.map(({ fact }) => fact))];

/** The place of each fact in ForwardedHeaders. */
export const factIndex = Object.fromEntries(facts.map((fact, i) => [fact, i])) as Readonly<
  Record<Fact, number>
>;

/**
 * The header lines of each fact, by `factIndex`; undefined where there are none. An array, since V8
 * finds a property by a name that varies many times slower.
 */
export type ForwardedHeaders = readonly (readonly string[] | undefined)[];

/** By name in lower case, and as nginx's configuration spells it, which spares most look-ups that. */
const indexByHeader = new Map<string, number>(
  subrequestHeaders.flatMap(({ name, fact }): [string, number][] => [
    [name, factIndex[fact]],
    [name.toLowerCase(), factIndex[fact]],
  ]),
);

/** Sorts header lines by fact. Empty lines count as missing, as nginx leaves empty variables out. */
export function collectHeaders({ rawHeaders }: SubrequestHead): ForwardedHeaders {
  const found: (string[] | undefined)[] = new Array(facts.length);
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const index = indexByHeader.get(name) ?? indexByHeader.get(name.toLowerCase());
    const line = rawHeaders[i + 1] as string;
    if (index === undefined || line === '') continue;
    const lines = found[index];
    if (lines === undefined) found[index] = [line];
    else lines.push(line);
  }
  return found;
}

/** The facts that `explain` shows, by the name that it shows them under. */
const shownFacts: Readonly<Record<string, readonly Fact[]>> = {
  gate: ['gate', 'authUri'],
  method: ['method'],
  scheme: ['scheme'],
  host: ['host'],
  path: ['uri', 'url'],
  location_path: ['locationUri'],
  query: ['uri', 'url'],
  upgrade: ['upgrade'],
  origin: ['origin'],
  client: ['address', 'hops'],
  cookie: ['cookie'],
  authorization: ['authorization'],
  api_key: ['apiKey'],
  subprotocols: ['subprotocols'],
  early_data: ['early'],
};

/** The headers of this subrequest that each fact was read from, for `explain`. */
export function sourceHeaders(head: SubrequestHead): Readonly<Record<string, string[]>> {
  const names = head.rawHeaders.filter((_, index) => index % 2 === 0 && head.rawHeaders[index + 1]);
  const present = new Set(names.map((name) => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(shownFacts).map(([shown, from]) => [
      shown,
      subrequestHeaders
        .filter(({ name, fact }) => from.includes(fact) && present.has(name.toLowerCase()))
        .map(({ name }) => name),
    ]),
  );
}
