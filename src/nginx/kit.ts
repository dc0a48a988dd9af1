import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ListenAddress, renderListenAddress } from '../config/listen-address.ts';
import { nginxFiles } from '../resources.ts';

/** The one line of the shipped files that says where Postern listens. */
const shippedServer = 'server 127.0.0.1:8420;';

/**
 * Puts the shipped nginx files into a directory, unchanged but for the address of the gate, which
 * is what an operator with another address changes too.
 */
export function copyNginxFiles(directory: string, gate: ListenAddress): void {
  cpSync(nginxFiles, directory, { recursive: true });
  const path = join(directory, 'postern-http.conf');
  const text = readFileSync(path, 'utf8');
  if (!text.includes(shippedServer)) throw new Error(`${path} has no line "${shippedServer}"`);
  writeFileSync(path, text.replace(shippedServer, `server ${renderListenAddress(gate)};`));
}
