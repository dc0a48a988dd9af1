import { dial, secure } from '../dial.ts';
import { finding } from '../finding.ts';
import type { Check, Probe } from '../probe.ts';

/** ALPN (RFC 7301): whether a client that offers HTTP/1.1, and nothing else, is served. */
export const httpVersion: Check = {
  about: 'HTTP versions',
  async run(probe) {
    if (!probe.target.secure) return [];
    const [modern, plain] = [
      await negotiate(probe, ['h2', 'http/1.1']),
      await negotiate(probe, ['http/1.1']),
    ];
    if (plain === undefined) {
      const evidence = `offered h2 and http/1.1, it took ${modern || 'neither'}; offered http/1.1 alone, it refused`;
      return [finding('http2-only', evidence)];
    }
    const evidence = `ALPN: ${modern === 'h2' ? 'h2 beside http/1.1' : modern || 'not used'}`;
    return [finding('http-versions', evidence)];
  },
};

/** What the server chose, empty when it does not use ALPN; undefined when it refused. */
async function negotiate(probe: Probe, protocols: string[]): Promise<string | undefined> {
  const { target, address, dialOptions } = probe;
  const dialled = await dial(address, target.connect?.port ?? target.port, dialOptions);
  if (dialled.kind === 'failed') return undefined;
  const tls = await secure(dialled.socket, target, protocols, dialOptions);
  if (tls.kind === 'failed') return undefined;
  const chosen = tls.socket.alpnProtocol;
  tls.socket.destroy();
  if (chosen === false || chosen === null) return '';
  return protocols.includes(chosen) ? chosen : undefined;
}
