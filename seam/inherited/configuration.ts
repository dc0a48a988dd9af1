import type { Random } from '../../testkit/random.ts';
import { namesIn, repeatable, type Sample, samples } from './samples.ts';

/** What the auth service of a server does: it answers as the request says, or not at all. */
export type Mode = 'up' | 'down' | 'hung';

/** One server block. A case says all of it, so that it can be tried again. */
export interface Case {
  readonly mode: Mode;
  /** Whether nginx keeps answers. */
  readonly cache: boolean;
  /** Whether page loads have a login. */
  readonly login: boolean;
  /** Whether the protected locations use the server's error pages (`$postern_error_pages`). */
  readonly ownPages: boolean;
  /** Lines behind the include of postern-server.conf, samples by their text. */
  readonly lines: readonly string[];
  /** Lines of the http block, the same for all cases of a batch. */
  readonly http: readonly string[];
}

/** What makes a case of lines alone. */
export function caseOf(lines: readonly string[], rest: Partial<Case> = {}): Case {
  return { mode: 'up', cache: false, login: false, ownPages: false, http: [], lines, ...rest };
}

const byLine = new Map(samples.map((sample) => [sample.line, sample]));

/** The samples of a case. Throws Error for a line that is none. */
export function samplesOf({ lines, http }: Case): Sample[] {
  return [...lines, ...http].map((line) => {
    const sample = byLine.get(line);
    if (sample === undefined) throw new Error(`there is no sample "${line}"`);
    return sample;
  });
}

/** Lines for an http block: whatever is there is there for all, so nothing that answers or bends. */
export function drawHttp(random: Random, usable: readonly Sample[]): string[] {
  const calm = usable.filter(({ serverOnly, bends, refuses }) => !serverOnly && !bends && !refuses);
  return draw(random, calm, 4);
}

/** A server block. */
export function drawCase(random: Random, usable: readonly Sample[], http: readonly string[]): Case {
  const modes: readonly Mode[] = ['up', 'up', 'up', 'up', 'up', 'up', 'down', 'down', 'hung'];
  return {
    mode: random.pick(modes),
    cache: random.oneIn(3),
    login: random.oneIn(3),
    ownPages: random.oneIn(4),
    lines: draw(random, usable, 6),
    http,
  };
}

/** Some, none of which nginx takes for a duplicate of another. */
function draw(random: Random, from: readonly Sample[], most: number): string[] {
  const taken = new Set<string>();
  const lines: string[] = [];
  for (let left = random.below(most + 1); left > 0; left--) {
    const { line } = random.pick(from);
    const names = namesIn(line).filter((name) => !repeatable.has(name));
    if (lines.includes(line) || names.some((name) => taken.has(name))) continue;
    for (const name of names) taken.add(name);
    lines.push(line);
  }
  return lines;
}

/** Changes the text of postern-server.conf, and where it stands among the lines of a case. */
export type Plant = (text: string, lines: string) => string;

/** Where things are on the site of a batch. */
export interface Places {
  readonly port: number;
  readonly directory: string;
  /** Addresses, as `proxy_pass` has them. */
  readonly backend: string;
  readonly gates: Readonly<Record<Mode, string>>;
  /** Text of the shipped files, by name, for servers with and without kept answers. */
  readonly kit: (name: string, cache: boolean) => string;
}

const fill = (line: string, { directory }: Places) =>
  line
    .replaceAll('PROTECTED', `${directory}/protected`)
    .replaceAll('PASSWORDS', `${directory}/passwords`)
    .replaceAll('STORE', `${directory}/store`);

/** The http block around the servers of a batch. */
export function renderHttp(http: readonly string[], places: Places, servers: string): string {
  const upstreams = Object.entries(places.gates).map(
    ([mode, address]) => `upstream gate_${mode} { server ${address}; keepalive 32; }`,
  );
  const shared = places.kit('postern-http.conf', true).replace(/^upstream[^}]*\}/m, '');
  return `${shared}
${upstreams.join('\n')}
server_names_hash_max_size 8192;
server_names_hash_bucket_size 64;
limit_req_zone $host zone=hosts:1m rate=1r/s;
limit_req_zone $uri zone=uris:1m rate=1r/m;
limit_conn_zone $host zone=conns:1m;
proxy_cache_path ${places.directory}/hostile keys_zone=hostile:1m;
log_format nothing '';
${http.map((line) => fill(line, places)).join('\n')}
server { listen 127.0.0.1:${places.port} default_server; server_name _; access_log off; return 404 "${places.directory}"; }
include ${servers};`;
}

/** One server block; `plant` changes the text of postern-server.conf. */
export function renderServer(
  one: Case,
  name: string,
  places: Places,
  plant: Plant = (text, lines) => `${text}\n${lines}`,
): string {
  const gate = (text: string) => text.replaceAll('http://postern_gate', `http://gate_${one.mode}`);
  const around = `${one.ownPages ? 'set $postern_error_pages on;' : ''}
    ${one.login ? 'set $postern_login "https://login.example.com/";' : ''}
    client_max_body_size 8m;
    ${places.kit('postern-location.conf', one.cache)}`;
  const proxy = `${places.kit('postern-proxy.conf', one.cache)} proxy_pass ${places.backend};`;
  return `server {
  listen 127.0.0.1:${places.port};
  server_name ${name};
  access_log off;
${plant(
  gate(places.kit('postern-server.conf', one.cache)),
  one.lines.map((line) => fill(line, places)).join('\n'),
)}
  location / { ${around} ${proxy} }
  location /files/ { ${around} root ${places.directory}/protected; }
  # What the lines above may point to.
  location = /x { return 200 "a page of no importance"; }
  location = /page.html { root ${places.directory}/open; }
  location = /mirror { internal; proxy_pass ${places.backend}/mirrored$request_uri; }
  location @sorry { root ${places.directory}/protected; try_files $uri =404; }
  location @app { proxy_pass ${places.backend}; }
}
`;
}
