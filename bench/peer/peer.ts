import { ask } from '../../testkit/postern/ask.ts';
import { median } from '../../testkit/statistics.ts';
import { startDirectService } from '../direct/ask.ts';
import { fillThousand } from '../direct/thousand.ts';
import type { Part, Protection } from '../parts.ts';
import type { Figure } from '../store/figure.ts';
import type { StorePart } from '../store-parts.ts';
import { runRequests, runSubrequests, writeHeaderLines } from '../wrk.ts';
import type { Peer } from './peer-options.ts';

const seconds = 2;
const rounds = 3;

/** Postern and other auth services, each without nginx, in alternating rounds. */
export const peerPart: StorePart = {
  name: 'peer',
  async measure({ directory, peers, announce, signal }) {
    const figures: Figure[] = [];
    if (peers.length === 0) return figures;
    const { dataDir, headerFile } = await fillThousand({ directory, signal });
    const service = await startDirectService({
      ...{ directory, dataDir, signal },
      env: { POSTERN_LOG_LEVEL: 'warn' },
    });
    try {
      for (const peer of peers) {
        await checkPeer(peer);
        const own = writeHeaderLines(directory, [Object.entries(peer.headers)]);
        const rates = { ours: [] as number[], theirs: [] as number[] };
        for (let round = 0; round <= rounds; round++) {
          const load = { seconds, signal };
          const ours = await runSubrequests({ port: service.port, headerFile, ...load });
          const theirs = await runRequests({
            ...{ url: peer.url.href, headers: {}, headerFile: own, ...load },
          });
          if (round === 0) continue; // both have to become warm
          rates.ours.push(ours.requestsPerSecond);
          rates.theirs.push(theirs.requestsPerSecond);
        }
        announce(`peer: ${peer.name} answers ${Math.round(median(rates.theirs))} a second`);
        figures.push({
          part: 'peer',
          what: 'decisions by cookie, asked directly',
          value: median(rates.ours),
          unit: 'a second',
          against: peer.name,
          baseline: median(rates.theirs),
        });
      }
    } finally {
      await service.stop();
    }
    return figures;
  },
};

/** A refusal is fast and would distort the comparison. */
async function checkPeer({ name, url, headers }: Peer): Promise<void> {
  const host = { kind: 'tcp', host: url.hostname, port: Number(url.port || 80) } as const;
  const { status } = await ask(host, { host: url.host, ...headers }, { path: pathOf(url) }).catch(
    (error: Error) => {
      throw new Error(`--peer ${name}: cannot ask ${url.href}: ${error.message}`);
    },
  );
  if (status >= 200 && status < 300) return;
  throw new Error(`--peer ${name}: it answers ${status}; name headers that it lets through`);
}

/** A part that protects a location with another auth service. */
export function peerAsPart(peer: Peer): Part {
  return {
    name: `peer-${peer.name}`,
    title: peer.snippet === undefined ? `${peer.name}, kept connections` : `${peer.name}, its file`,
    denial: 'any',
    headers: peer.headers,
    protect: () => protectBy(peer),
  };
}

function protectBy({ url, headers, snippet }: Peer): Protection {
  if (snippet !== undefined) return { server: `include ${snippet};`, location: '' };
  const given = Object.keys(headers).map((name) => name.toLowerCase());
  const facts = Object.entries({
    'X-Original-URI': '$request_uri',
    'X-Original-URL': '$scheme://$http_host$request_uri',
    'X-Original-Method': '$request_method',
  }).filter(([name]) => !given.includes(name.toLowerCase()));
  return {
    http: `upstream peer { server ${url.hostname}:${url.port || 80}; keepalive 64; }`,
    server: `auth_request /.bench-peer;
  location = /.bench-peer {
    internal;
    proxy_pass http://peer${pathOf(url)};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    ${facts.map(([name, value]) => `proxy_set_header ${name} ${value};`).join('\n    ')}
  }`,
    location: '',
  };
}

function pathOf({ pathname, search }: URL): string {
  return pathname + search;
}
