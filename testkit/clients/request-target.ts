import type { ListenAddress } from '../../src/config/listen-address.ts';

/** Where Node's `http.request` is to connect to. */
export function requestTarget(
  address: ListenAddress,
): { socketPath: string } | { host: string; port: number } {
  return address.kind === 'unix'
    ? { socketPath: address.path }
    : { host: address.host, port: address.port };
}
