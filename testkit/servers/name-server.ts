import { createSocket } from 'node:dgram';
import type { Scope } from '../scope.ts';

/**
 * A name server on a loopback port that says 127.0.0.1 to every question for an A record, as
 * Docker's says a container's address. Returns its port. RFC 1035, section 4.
 */
export async function startNameServer(t: Scope): Promise<number> {
  const server = createSocket('udp4');
  server.on('message', (query, from) => {
    const questionEnd = query.indexOf(0, 12) + 5;
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180, 2); // an answer, recursion available
    header.writeUInt16BE(1, 6); // one answer record
    header.writeUInt16BE(0, 8);
    header.writeUInt16BE(0, 10);
    const answer = Buffer.from([
      0xc0,
      12,
      0,
      1,
      0,
      1,
      0,
      0,
      0,
      30,
      0,
      4,
      127,
      0,
      0,
      1, // the name asked for, A, IN, 30 s
    ]);
    server.send(
      Buffer.concat([header, query.subarray(12, questionEnd), answer]),
      from.port,
      from.address,
    );
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return server.address().port;
}
