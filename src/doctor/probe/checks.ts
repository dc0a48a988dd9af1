import { cookie } from './checks/cookie.ts';
import { gateReason } from './checks/gate-reason.ts';
import { h2c } from './checks/h2c.ts';
import { httpVersion } from './checks/http-version.ts';
import { page } from './checks/page.ts';
import { reach } from './checks/reach.ts';
import { socket } from './checks/socket.ts';
import { subprotocol } from './checks/subprotocol.ts';
import { ticket } from './checks/ticket.ts';
import { tls } from './checks/tls.ts';
import { token } from './checks/token.ts';
import { upgrade } from './checks/upgrade.ts';
import type { Check } from './probe.ts';

/** All checks, in the order in which they run: later ones use what earlier ones found out. */
export const checks: readonly Check[] = [
  reach,
  tls,
  httpVersion,
  page,
  upgrade,
  token,
  cookie,
  ticket,
  gateReason,
  subprotocol,
  h2c,
  socket,
];
