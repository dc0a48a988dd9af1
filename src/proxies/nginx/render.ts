import type { ListenAddress } from '../../config/listen-address.ts';
import { OperatorError } from '../../lib/operator-error.ts';
import type { BundleOptions } from './bundle-options.ts';
import { addChecksum } from './checksum.ts';
import { renderHttpFile } from './http-file.ts';
import { renderIngressAnnotations } from './ingress-nginx.ts';
import { renderLimitsFile, renderLimitsHttpFile } from './limits-file.ts';
import { renderLocationFile } from './location-file.ts';
import { renderGrpcFile, renderParameterFile } from './other-backends.ts';
import { isPlainPath } from './plain-path.ts';
import { renderProxyFile } from './proxy-file.ts';
import { renderManagerBox, renderManagerHttpFile } from './proxy-manager.ts';
import { renderServerFile } from './server-file.ts';
import {
  renderSwagHttpFile,
  renderSwagLocationFile,
  renderSwagProxyFile,
  renderSwagServerFile,
  renderSwagSubdomain,
  renderSwagSubfolder,
  type SwagReach,
  swagHttpFile,
} from './swag.ts';

/** Files by their paths below the directory that they belong to. */
export type ConfigBundle = ReadonlyMap<string, string>;

/** What one flavour of the files is made of. */
interface FlavourRules {
  /** What it is for, in half a line. */
  readonly about: string;
  /** The usual place of Postern, seen from nginx. */
  readonly gate: (configured: ListenAddress) => ListenAddress;
  readonly files: (options: BundleOptions) => readonly (readonly [path: string, text: string])[];
}

const plain: FlavourRules = {
  about: 'nginx, OpenResty or Angie with a configuration of your own',
  gate: (configured) => configured,
  files: (options) => [
    ['postern-http.conf', renderHttpFile(options)],
    ['postern-server.conf', renderServerFile(options)],
    ['postern-location.conf', renderLocationFile(options)],
    ...options.gates.map(
      (name) => [`gates/${name}.conf`, renderLocationFile(options, name)] as const,
    ),
    ['postern-proxy.conf', renderProxyFile()],
    ['postern-fastcgi.conf', renderParameterFile('fastcgi', options)],
    ['postern-uwsgi.conf', renderParameterFile('uwsgi', options)],
    ['postern-grpc.conf', renderGrpcFile(options)],
    ['postern-limits-http.conf', renderLimitsHttpFile()],
    ['postern-limits.conf', renderLimitsFile()],
  ],
};

function swag(reach: SwagReach, about: string): FlavourRules {
  return {
    about,
    gate: containerNamed('postern'),
    files: (options) => [
      ['postern-server.conf', renderSwagServerFile(options, reach)],
      ['postern-location.conf', renderSwagLocationFile(options)],
      ...options.gates.map(
        (name) => [`postern-gates/${name}.conf`, renderSwagLocationFile(options, name)] as const,
      ),
      ['postern-proxy.conf', renderSwagProxyFile()],
      [swagHttpFile, renderSwagHttpFile(options, reach)],
      ['proxy-confs/postern-app.subdomain.conf.sample', renderSwagSubdomain()],
      ['proxy-confs/postern-app.subfolder.conf.sample', renderSwagSubfolder()],
    ],
  };
}

/** In a network of containers Postern is found by its name, whatever it listens on. */
function containerNamed(host: string): FlavourRules['gate'] {
  return (configured) =>
    configured.kind === 'unix' ? configured : { kind: 'tcp', host, port: configured.port };
}

/** A flavour is one entry here, and the functions that render its files. */
export const flavours = {
  plain,
  swag: swag('resolver', 'LinuxServer SWAG, for /config/nginx'),
  'swag-keepalive': swag(
    'keepalive',
    'the same with connections to Postern that are kept open; nginx 1.27.3 or newer',
  ),
  'nginx-proxy-manager': {
    about: 'Nginx Proxy Manager: the text of an Advanced box, and a file for /data/nginx/custom',
    gate: containerNamed('postern'),
    files: (options) => [
      ['advanced.conf', renderManagerBox(options)],
      ['http_top.conf', renderManagerHttpFile(options)],
    ],
  },
  'ingress-nginx': {
    about: 'ingress-nginx of Kubernetes: annotations of an Ingress',
    gate: containerNamed('postern.postern.svc.cluster.local'),
    files: (options) => [['annotations.yaml', renderIngressAnnotations(options)]],
  },
} as const satisfies Record<string, FlavourRules>;

/** Name of a flavour. */
export type Flavour = keyof typeof flavours;

/** A pattern finds a name twice, in up to 14 bytes a character; nginx takes 4096 bytes. */
const longestQueryName = 120;

/**
 * Renders the files of a flavour. Throws OperatorError for a path that nginx would take for something
 * else, and for a query parameter that is too long.
 */
export function renderBundle(flavour: Flavour, options: BundleOptions): ConfigBundle {
  const paths = [
    options.gate.kind === 'unix' ? options.gate.path : '/',
    options.cache?.path ?? '/',
  ];
  const odd = paths.find((path) => !isPlainPath(path));
  if (odd !== undefined) {
    throw new OperatorError(
      `"${odd}" cannot stand in a file of nginx: use a path of letters, digits and . _ - alone`,
    );
  }
  const long = options.queryNames.find((name) => name.length > longestQueryName);
  if (long !== undefined) {
    throw new OperatorError(
      `the query parameter "${long}" has more than ${longestQueryName} characters, which is more than nginx takes in a pattern`,
    );
  }
  return new Map(
    flavours[flavour].files(options).map(([path, text]) => [path, addChecksum(text)] as const),
  );
}
