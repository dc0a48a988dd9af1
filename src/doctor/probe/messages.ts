import type { KnownMessage } from './known-message.ts';
import { applicationMessages } from './messages/applications.ts';
import { browserMessages, translatedMessages } from './messages/browsers.ts';
import { chromiumMessages } from './messages/chromium.ts';
import { generalMessages } from './messages/general.ts';
import { goMessages } from './messages/go.ts';
import { javascriptMessages } from './messages/javascript.ts';
import { jvmMessages } from './messages/jvm.ts';
import { nativeMessages } from './messages/native.ts';
import { nginxMessages } from './messages/nginx-log.ts';
import { pythonMessages } from './messages/python.ts';
import { realtimeMessages } from './messages/realtime.ts';
import { rustMessages } from './messages/rust.ts';

/** From the particular to the general: the first that fits counts. */
export const knownMessages: readonly KnownMessage[] = [
  ...nginxMessages,
  ...javascriptMessages,
  ...chromiumMessages,
  ...browserMessages,
  ...pythonMessages,
  ...goMessages,
  ...rustMessages,
  ...jvmMessages,
  ...nativeMessages,
  ...realtimeMessages,
  ...applicationMessages,
  ...generalMessages,
  ...translatedMessages,
];
