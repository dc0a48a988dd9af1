import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { readLockedPackages } from '../../scripts/lock-file.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import type { Scope } from '../scope.ts';

/** A package of the checkout that the registry has. */
interface Offered {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
}

/**
 * An npm registry on loopback that has the packages Postern runs with, as they lie in the checkout's
 * node_modules, and no others. Returns its URL.
 */
export async function startRegistry(t: Scope): Promise<string> {
  const offered = readLockedPackages(packageRoot)
    .filter(({ need }) => need !== 'development')
    .map(({ name, version, path }) => ({ name, version, directory: join(packageRoot, path) }));
  const packing = new Set<ChildProcess>();
  const server = createServer(({ url = '/', headers }, response) => {
    const [name = '', version] = decodeURIComponent(url).slice(1).split('/-/');
    const versions = offered.filter((one) => one.name === name);
    const wanted = versions.find((one) => one.version === version);
    if (wanted !== undefined) packing.add(sendArchive(response, wanted));
    else if (versions.length > 0) sendVersions(response, versions, `http://${headers.host}`);
    else response.writeHead(404).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const child of packing) child.kill('SIGKILL');
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function sendVersions(response: ServerResponse, found: readonly Offered[], base: string): void {
  const versions = found.map(({ name, version, directory }) => {
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    const tarball = `${base}/${encodeURIComponent(name)}/-/${version}`;
    return [version, { ...manifest, dist: { tarball } }] as const;
  });
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({
      name: found[0]?.name,
      'dist-tags': { latest: found.at(-1)?.version },
      versions: Object.fromEntries(versions),
    }),
  );
}

function sendArchive(response: ServerResponse, { directory }: Offered): ChildProcess {
  const own = basename(directory);
  const args = ['-c', '-C', dirname(directory), `--exclude=${own}/node_modules`, own];
  const tar = spawn('tar', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  // A tar that fails must not look like a whole archive.
  tar.once('error', () => response.destroy());
  tar.once('exit', (code) => code !== 0 && response.destroy());
  tar.stdout.pipe(response);
  return tar;
}
