import type { KnownMessage } from './known-message.ts';
import { browserMessages } from './messages/browsers.ts';
import { generalMessages } from './messages/general.ts';
import { javascriptMessages } from './messages/javascript.ts';
import { languageMessages } from './messages/languages.ts';
import { nginxMessages } from './messages/nginx.ts';
import { pythonMessages } from './messages/python.ts';

/** From the particular to the general: the first that fits counts. */
export const knownMessages: readonly KnownMessage[] = [
  ...nginxMessages,
  ...javascriptMessages,
  ...browserMessages,
  ...pythonMessages,
  ...languageMessages,
  ...generalMessages,
];
