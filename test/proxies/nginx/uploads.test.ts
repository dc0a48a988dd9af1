import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

const mebibyte = 1024 * 1024;
const size = 5 * mebibyte;

/** A backend that answers with the number of bytes of the body, and how the body was framed. */
async function startCounter(t: TestContext): Promise<number> {
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.end(String(bytes)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A body without a length: sent chunked. */
function chunkedBody(): ReadableStream<Uint8Array> {
  let left = size / mebibyte;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(mebibyte));
      else controller.close();
    },
  });
}

for (const { name, program } of nginxPrograms) {
  test(`uploads pass up to the limit of the location, with and without a length (nginx ${name})`, async (t) => {
    const postern = await startTestPostern(t);
    const counter = await startCounter(t);
    const site = await startSite(t, {
      gate: postern.gate,
      program,
      locations: (_backend, include) => {
        const rules = `${include('postern-location.conf')} ${include('postern-proxy.conf')}`;
        const backend = `proxy_pass http://127.0.0.1:${counter};`;
        return `
          location / { client_max_body_size 10m; ${rules} ${backend} }
          location /streamed { client_max_body_size 10m; proxy_request_buffering off; ${rules} ${backend} }
          location /small { client_max_body_size 2m; ${rules} ${backend} }`;
      },
    });
    const { token } = await postern.issue();
    const upload = async (
      path: string,
      body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
      signedIn = true,
    ) => {
      const answer = await fetch(site.url + path, {
        method: 'POST',
        headers: signedIn ? { authorization: `Bearer ${token}` } : {},
        body,
        duplex: 'half',
      });
      return [answer.status, await answer.text()] as const;
    };
    for (const path of ['/', '/streamed']) {
      assert.deepEqual(await upload(path, new Uint8Array(size)), [200, String(size)], path);
      assert.deepEqual(await upload(path, chunkedBody()), [200, String(size)], path);
      assert.equal((await upload(path, new Uint8Array(size), false))[0], 401, path);
    }
    assert.equal((await upload('/small', new Uint8Array(size)))[0], 413);
  });
}
