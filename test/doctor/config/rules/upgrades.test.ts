import assert from 'node:assert/strict';
import { tryHandshake } from '../../../../src/demo/client.ts';
import { goodCookie, proveRule } from '../../../support/doctor.ts';

proveRule('PD003', {
  wrong: async (site) => {
    const { status } = await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
    assert.equal(status, 200);
    assert.equal(site.backend.seen[0]?.headers.upgrade, undefined);
  },
  right: async (site) => {
    const { status, seen } = await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
    assert.deepEqual([status, seen?.headers.upgrade], [101, 'websocket']);
  },
});

proveRule('PD004', {
  wrong: async (site) => {
    const { status } = await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
    assert.notEqual(status, 101);
  },
  right: async (site) => {
    const { status } = await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
    assert.equal(status, 101);
  },
});

proveRule('PD005', {
  wrong: async (site) => {
    await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
    assert.equal(site.questions[0]?.headers.upgrade, 'websocket');
  },
  right: async (site) => {
    await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
    assert.equal(site.questions[0]?.headers.upgrade, undefined);
  },
});
