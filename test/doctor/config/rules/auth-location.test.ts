import assert from 'node:assert/strict';
import { tryPage } from '../../../../src/demo/client.ts';
import { goodCookie, proveRule } from '../../../support/doctor.ts';

proveRule('PD013', {
  wrong: async (site) => {
    assert.equal((await tryPage(`${site.url}/auth`)).status, 401);
    assert.equal(site.questions.length, 1);
  },
  right: async (site) => {
    assert.equal((await tryPage(`${site.url}/auth`)).status, 404);
    assert.deepEqual(site.questions, []);
  },
});

proveRule('PD014', {
  wrong: async (site) => {
    assert.equal((await tryPage(`${site.url}/authors`, goodCookie)).status, 404);
    assert.deepEqual(site.backend.seen, []);
  },
  right: async (site) => {
    const { status, seen } = await tryPage(`${site.url}/authors`, goodCookie);
    assert.deepEqual([status, seen?.url], [200, '/authors']);
  },
});

proveRule('PD015', {
  // Reads the body before it answers.
  answer: (request, response) => {
    request.resume().on('end', () => response.end());
    request.on('error', () => response.destroy());
  },
  wrong: async (site) => {
    const { status } = await send(site.url);
    assert.equal(status, 500);
    assert.equal(site.questions[0]?.headers['content-length'], '3');
  },
  right: async (site) => {
    const { status } = await send(site.url);
    assert.equal(status, 200);
    assert.equal(site.questions[0]?.headers['content-length'], undefined);
  },
});

/** Sends a form. */
function send(url: string): Promise<Response> {
  return fetch(`${url}/form`, { method: 'POST', body: 'a=1' });
}
