import { dial } from '../dial.ts';
import { finding } from '../finding.ts';
import type { Check } from '../probe.ts';

/** Addresses of one name that are tried. */
const maxAddresses = 4;

/** Name and port: the first address that answers is the one that is used from here on. */
export const reach: Check = {
  about: 'name and port',
  async run(probe) {
    const { target, lookup, dialOptions, timeout } = probe;
    const host = target.connect?.host ?? target.host;
    const port = target.connect?.port ?? target.port;
    const addresses = await withTimeout(lookup(host), timeout);
    if (typeof addresses === 'string' || addresses.length === 0) {
      return [finding('dns-failed', probe.sanitize(`${host}: ${addresses || 'no addresses'}`))];
    }
    const unreachable: string[] = [];
    for (const address of addresses.slice(0, maxAddresses)) {
      const dialled = await dial(address, port, dialOptions);
      if (dialled.kind === 'failed') {
        unreachable.push(`${address} port ${port}: ${dialled.detail}`);
        continue;
      }
      dialled.socket.destroy();
      probe.address ||= address;
    }
    if (unreachable.length === 0) return [];
    return [
      finding(
        probe.address === '' ? 'connection-failed' : 'address-unreachable',
        unreachable.join('; '),
      ),
    ];
  },
};

/** The addresses, or why there are none. The system's resolver has no time limit of its own. */
async function withTimeout(
  found: Promise<readonly string[]>,
  timeout: number,
): Promise<readonly string[] | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer from the name server'), timeout);
  });
  const settled = found.catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOTFOUND' ? 'the name does not exist' : (error.code ?? error.message),
  );
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}
