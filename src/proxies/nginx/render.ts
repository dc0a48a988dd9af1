import type { ListenAddress } from '../../config/listen-address.ts';
import { OperatorError } from '../../lib/operator-error.ts';
import type { BundleOptions } from './bundle-options.ts';
import { renderGrpcFile, renderParameterFile } from './cgi-and-grpc-files.ts';
import { addChecksum } from './checksum.ts';
import { renderHttpFile } from './http-file.ts';
import { renderIngressAnnotations } from './ingress-nginx.ts';
import { renderLimitsFile, renderLimitsHttpFile } from './limits-file.ts';
import { renderLocationFile } from './location-file.ts';
import { isPlainPath } from './plain-path.ts';
import { renderProxyFile } from './proxy-file.ts';
import { renderManagerBox, renderManagerHttpFile } from './proxy-manager.ts';
import { renderCookiesFile } from './renewed-cookies.ts';
import { renderServerFile } from './server-file.ts';
import {
  renderSwagHttpFile,
  renderSwagLocationFile,
  renderSwagProxyFile,
  renderSwagServerFile,
  renderSwagSubdomain,
  renderSwagSubfolder,
  type SwagTarget,
  swagHttpFile,
} from './swag.ts';

/** Files by relative path. */
export type ConfigBundle = ReadonlyMap<string, string>;

/** Definition of a flavour. */
interface FlavourDefinition {
  /** Short description, for help texts. */
  readonly about: string;
  /** Address of Postern, as nginx of this flavour reaches it. */
  readonly gate: (configured: ListenAddress) => ListenAddress;
  readonly files: (options: BundleOptions) => readonly (readonly [path: string, text: string])[];
}

const plain: FlavourDefinition = {
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
    ['postern-cookies.conf', renderCookiesFile()],
    ['postern-fastcgi.conf', renderParameterFile('fastcgi', options)],
    ['postern-uwsgi.conf', renderParameterFile('uwsgi', options)],
    ['postern-grpc.conf', renderGrpcFile(options)],
    ['postern-limits-http.conf', renderLimitsHttpFile()],
    ['postern-limits.conf', renderLimitsFile()],
  ],
};

function swag(target: SwagTarget, about: string): FlavourDefinition {
  return {
    about,
    gate: containerHost('postern'),
    files: (options) => [
      ['postern-server.conf', renderSwagServerFile(options, target)],
      ['postern-location.conf', renderSwagLocationFile(options)],
      ...options.gates.map(
        (name) => [`postern-gates/${name}.conf`, renderSwagLocationFile(options, name)] as const,
      ),
      ['postern-proxy.conf', renderSwagProxyFile()],
      [swagHttpFile, renderSwagHttpFile(options, target)],
      ['proxy-confs/postern-app.subdomain.conf.sample', renderSwagSubdomain()],
      ['proxy-confs/postern-app.subfolder.conf.sample', renderSwagSubfolder()],
    ],
  };
}

/** In a container network Postern is reached by its host name. */
function containerHost(host: string): FlavourDefinition['gate'] {
  return (configured) =>
    configured.kind === 'unix' ? configured : { kind: 'tcp', host, port: configured.port };
}

/** All flavours. A new one takes an entry here, and functions that render its files. */
export const flavours = {
  plain,
  swag: swag('resolver', 'LinuxServer SWAG, for /config/nginx'),
  'swag-keepalive': swag(
    'keepalive',
    'the same with connections to Postern that are kept open; nginx 1.27.3 or newer',
  ),
  'nginx-proxy-manager': {
    about: 'Nginx Proxy Manager: the text of an Advanced box, and a file for /data/nginx/custom',
    gate: containerHost('postern'),
    files: (options) => [
      ['advanced.conf', renderManagerBox(options)],
      ['http_top.conf', renderManagerHttpFile(options)],
    ],
  },
  'ingress-nginx': {
    about: 'ingress-nginx of Kubernetes: annotations of an Ingress',
    gate: containerHost('postern.postern.svc.cluster.local'),
    files: (options) => [['annotations.yaml', renderIngressAnnotations(options)]],
  },
} as const satisfies Record<string, FlavourDefinition>;

/** Name of a flavour. */
export type Flavour = keyof typeof flavours;

/**
 * Characters of a query parameter: a pattern contains the name twice, in up to 14 bytes per
 * character, and nginx accepts 4096 bytes.
 */
const maxQueryNameLength = 120;

/**
 * Renders the files of a flavour. Throws OperatorError for a path that is not safe in an nginx
 * file, and for a query parameter that is too long.
 */
export function renderBundle(flavour: Flavour, options: BundleOptions): ConfigBundle {
  const paths = [
    options.gate.kind === 'unix' ? options.gate.path : '/',
    options.cache?.path ?? '/',
  ];
  const unsafePath = paths.find((path) => !isPlainPath(path));
  if (unsafePath !== undefined) {
    throw new OperatorError(
      `"${unsafePath}" cannot stand in a file of nginx: use a path of letters, digits and . _ - alone`,
    );
  }
  const tooLong = options.queryNames.find((name) => name.length > maxQueryNameLength);
  if (tooLong !== undefined) {
    throw new OperatorError(
      `the query parameter "${tooLong}" has more than ${maxQueryNameLength} characters, which is more than nginx takes in a pattern`,
    );
  }
  return new Map(
    flavours[flavour].files(options).map(([path, text]) => [path, addChecksum(text)] as const),
  );
}
