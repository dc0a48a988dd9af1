import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { AnswerSubrequest } from '../../src/admission/answer.ts';
import { createAuthHandler } from '../../src/admission/auth-handler.ts';
import { createRemoteServices } from '../../src/app/remote-services.ts';
import { createServices, type Services } from '../../src/app/services.ts';
import { loadConfig } from '../../src/config/load.ts';
import { StoreUnavailable } from '../../src/core/model/errors.ts';
import { createEvents, type Events } from '../../src/core/model/events.ts';
import type { Store } from '../../src/store/port/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { logEvents } from '../../src/telemetry/log/log-events.ts';
import { createThrottle } from '../../src/throttle/service.ts';
import { noon } from '../../testkit/jwt.ts';
import type { Head } from '../head.ts';
import { type Credentials, issueAll, newIssuer } from './credentials.ts';
import { places } from './places.ts';

/** What came back for a subrequest, and what was logged of it. */
export interface Told {
  readonly status: number;
  /** Names and values in turn. */
  readonly lines: readonly string[];
  readonly log: readonly string[];
}

/** How the store behaves: as it should, gone, or with an error that nobody expects. */
export type StoreMood = 'well' | 'gone' | 'odd';

/** The real wiring over a real store, without a server. */
export interface DecisionFixture {
  readonly credentials: Credentials;
  ask(head: Head, mood: StoreMood): Promise<Told>;
  close(): Promise<void>;
}

/** What a test may put in the place of the real answer, to see whether somebody notices. */
export type Replacement = (real: {
  readonly services: Services;
  readonly events: Events;
}) => AnswerSubrequest;

/** Most attempts fail here; after so many requests all is forgotten that did. */
const forgetEvery = 200;

/** Opens the fixture: a store with a token of each kind, and an issuer of JWTs. */
export async function openDecisionFixture(replace?: Replacement): Promise<DecisionFixture> {
  // Every redemption waits for the disk, which is not what is tried here; memory has no need to.
  const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const directory = mkdtempSync(join(place, 'postern-fuzz-'));
  const file = join(directory, 'postern.yaml');
  const issuer = newIssuer();
  const gates = Object.entries(places).map(([name, { settings }]) => [name, settings]);
  const settings = {
    data_dir: join(directory, 'data'),
    gates: Object.fromEntries(gates),
    jwt: { issuers: { own: issuer.settings } },
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(settings));
  const { config } = loadConfig({ file, env: {} });
  let log: string[] = [];
  const events = createEvents(
    logEvents(pino({ level: 'info', base: null }, { write: (line: string) => log.push(line) })),
  );
  const real = openSqliteStore(config.dataDir);
  let mood: StoreMood = 'well';
  let now = noon;
  const throttle = createThrottle(config.throttle, { throttled: () => {}, broadcast: () => {} });
  let asked = 0;
  const remoteServices = createRemoteServices(events);
  const services = createServices(config, {
    store: moody(real, () => mood),
    ...{ events, throttle },
    remoteServices,
    clock: () => now,
  });
  const setNow = (moment: number) => {
    now = moment;
  };
  const credentials = await issueAll({ services, issuer, now, setNow });
  let failed: (error: unknown) => void = () => {};
  const answer = replace?.({ services, events }) ?? services.answer;
  const handle = createAuthHandler({
    current: () => ({ config, answer }),
    isClosing: () => false,
    failed: (error) => failed(error),
  });
  return {
    credentials,
    ask(head, wanted) {
      log = [];
      mood = wanted;
      // So that what is tried without a throttle and with one is about the same.
      if (asked++ % forgetEvery === 0) throttle.clear({}, now);
      return new Promise((resolve, reject) => {
        let told: Pick<Told, 'status' | 'lines'> | undefined;
        const response = {
          writeHead(status: number, lines: string[]) {
            told = { status, lines };
            return response;
          },
          end(body?: unknown) {
            mood = 'well';
            if (told === undefined || body !== undefined) reject(new Error('no empty answer'));
            else resolve({ ...told, log });
          },
          destroy() {},
        };
        failed = reject;
        handle(head as unknown as IncomingMessage, response as unknown as ServerResponse);
      });
    },
    async close() {
      await remoteServices.close();
      await real.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function moody(store: Store, mood: () => StoreMood): Store {
  const tokens = new Proxy(store.tokens, {
    get(target, name) {
      if (name === 'findByHash' && mood() === 'gone') {
        return () => Promise.reject(new StoreUnavailable('gone'));
      }
      if (name === 'findByHash' && mood() === 'odd') {
        return () => Promise.reject(new TypeError('odd'));
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { ...store, tokens };
}
