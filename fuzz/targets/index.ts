import type { Target } from '../target.ts';

/** The targets by name. What they are for is loaded when they are opened, so that it is all seen. */
export type Registry = Readonly<Record<string, Entry>>;

interface Entry {
  /** Its share of the inputs: more for those that cost little, or matter more. */
  readonly share: number;
  open(): Promise<Target>;
}

/** Every target there is. */
export const registry: Registry = {
  cookie: { share: 12, open: async () => (await import('./cookie.ts')).cookie },
  query: { share: 12, open: async () => (await import('./query.ts')).query },
  subprotocol: { share: 12, open: async () => (await import('./subprotocol.ts')).subprotocol },
  authorization: {
    share: 12,
    open: async () => (await import('./authorization.ts')).authorization,
  },
  'api-key': { share: 12, open: async () => (await import('./api-key.ts')).apiKey },
  handshake: { share: 12, open: async () => (await import('./handshake.ts')).handshake },
  origin: { share: 12, open: async () => (await import('./origin.ts')).origin },
  path: { share: 12, open: async () => (await import('./path.ts')).path },
  'page-address': {
    share: 12,
    open: async () => (await import('./page-address.ts')).pageAddresses,
  },
  patterns: { share: 12, open: async () => (await import('./patterns.ts')).patterns },
  'gate-choice': { share: 6, open: async () => (await import('./gate-choice.ts')).gateChoice },
  network: { share: 8, open: async () => (await import('./network.ts')).network },
  jws: { share: 12, open: async () => (await import('./jws.ts')).jws },
  subrequest: { share: 8, open: async () => (await import('./subrequest.ts')).subrequest },
  'raw-request': { share: 12, open: async () => (await import('./raw-request.ts')).rawRequest },
  config: { share: 1, open: async () => (await import('./config.ts')).openConfig() },
  nginx: { share: 2, open: async () => (await import('./nginx.ts')).nginx },
  answer: { share: 4, open: async () => (await import('./answer.ts')).answer },
  decision: { share: 10, open: async () => (await import('./decision.ts')).openDecision() },
};
