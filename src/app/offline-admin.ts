import type { Config } from '../config/config.ts';
import { buildAdminApp } from './admin-app.ts';
import { openServices } from './open-services.ts';

/** The admin API over the store itself, without a service and without a network. */
export interface OfflineAdmin {
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  open(
    path: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; body: AsyncIterable<Buffer> }>;
  close(): Promise<void>;
}

/** Opens it for commands on the same machine. Rejects with OperatorError. */
export async function openOfflineAdmin(config: Config): Promise<OfflineAdmin> {
  const services = await openServices(config, { mode: 'offline' });
  const app = await buildAdminApp(services.admin);
  const authorization = 'Bearer store';
  return {
    async send(method, path, body) {
      const response = await app.inject({
        method: method as 'GET',
        url: path,
        headers: { authorization },
        ...(body !== undefined && { payload: body as object }),
      });
      const text = response.payload;
      return { status: response.statusCode, body: text === '' ? undefined : JSON.parse(text) };
    },
    async open(path, headers) {
      const response = await app.inject({
        method: 'GET',
        url: path,
        headers: { ...headers, authorization },
        payloadAsStream: true,
      });
      return { status: response.statusCode, body: response.stream() };
    },
    async close() {
      await app.close();
      await services.flush();
      await services.close();
    },
  };
}
