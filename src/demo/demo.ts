import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostern } from '../app/start.ts';
import { renderListenAddress } from '../config/listen-address.ts';
import { loadConfig } from '../config/load.ts';
import { bundleOptionsOf } from '../proxies/nginx/bundle-options.ts';
import { writeBundle } from '../proxies/nginx/config-bundle.ts';
import { type NginxProcess, startNginx } from '../proxies/nginx/process.ts';
import { renderBundle } from '../proxies/nginx/render.ts';
import { createLogger } from '../telemetry/log/log.ts';
import { startBackend } from './backend.ts';

/** A running demo: nginx with the shipped files in front of a backend. */
export interface Demo {
  /** URL of nginx, `http://127.0.0.1:port`. */
  readonly url: string;
  /** Base URL and key of the admin API. */
  readonly adminUrl: string;
  readonly adminKey: string;
  close(): Promise<void>;
}

/** Name of the demo's gate. */
export const demoGate = 'chat';

/**
 * Starts Postern with an empty store, a backend and nginx, on free loopback ports and in a
 * temporary directory. Rejects with OperatorError when nginx is missing.
 */
export async function startDemo(): Promise<Demo> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-demo-'));
  const running: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const part of running.reverse()) await part.close();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const { config } = loadConfig({
      env: {
        POSTERN_DATA_DIR: join(directory, 'data'),
        POSTERN_GATE_LISTEN: `unix:${join(directory, 'gate.sock')}`,
        POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
        POSTERN_LOG_LEVEL: 'silent',
      },
    });
    let adminKey = '';
    const postern = await startPostern(config, {
      load: () => config,
      log: createLogger(config.log),
      announceAdminKey: (key) => {
        adminKey = key;
      },
    });
    running.push(postern);
    const backend = await startBackend();
    running.push(backend);
    const bundle = renderBundle('plain', { ...bundleOptionsOf(config), gate: postern.gate });
    writeBundle(join(directory, 'postern'), bundle);
    const nginx = await startNginx({
      directory,
      http: (port) => renderHttp(directory, port, backend.port),
    });
    running.push(nginx);
    return {
      url: urlOf(nginx),
      adminUrl: `http://${renderListenAddress(postern.admin)}`,
      adminKey,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function urlOf(nginx: NginxProcess): string {
  return `http://127.0.0.1:${nginx.port}`;
}

function renderHttp(directory: string, port: number, backendPort: number): string {
  const include = (name: string) => `include ${join(directory, 'postern', name)};`;
  return `
  ${include('postern-http.conf')}
  access_log ${join(directory, 'access.log')} postern_masked;
  server {
    listen 127.0.0.1:${port};
    ${include('postern-server.conf')}
    location / {
      set $postern_gate "${demoGate}";
      set $postern_login "$scheme://$http_host/login";
      ${include('postern-location.conf')}
      ${include('postern-proxy.conf')}
      proxy_pass http://127.0.0.1:${backendPort};
    }
    location = /login {
      default_type text/plain;
      return 200 "Your login page would be here.\\n";
    }
  }`;
}
