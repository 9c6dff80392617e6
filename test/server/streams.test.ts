import { describe, expect, it } from 'vitest';

import { Refusal } from '../../src/rtc/refusal.js';
import { report, SETTINGS } from './fake-host.js';
import { ask, serve, type Answer, type Served } from './server-fixture.js';

async function patch(served: Served, payload: string, type = 'application/json'): Promise<Answer> {
  return ask(served, { method: 'PATCH', url: '/streams/s', payload, headers: { 'content-type': type } });
}

describe('/streams', () => {
  it('shows all streams, or one', async () => {
    const served = await serve();
    served.host.add('s');
    const all = await ask(served, { method: 'GET', url: '/streams' });
    expect(all.json()).toEqual([report('s')]);
    expect(all.headers).toMatchObject({
      'content-type': expect.stringContaining('application/json'),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect((await ask(served, { method: 'GET', url: '/streams/s' })).json()).toEqual(report('s'));
    expect((await ask(served, { method: 'GET', url: '/streams/t' })).statusCode).toBe(404);
    expect((await ask(served, { method: 'GET', url: '/streams/a%20b' })).statusCode).toBe(400);
  });

  it('changes what is named and nothing else', async () => {
    const served = await serve();
    served.host.add('s');
    const answer = await patch(served, '{"gainDb": -3.5, "isDucking": true, "prompt": "Infinity"}');
    expect(answer.statusCode).toBe(200);
    expect(answer.json<{ settings: object }>().settings).toEqual({
      ...SETTINGS,
      gainDb: -3.5,
      isDucking: true,
      prompt: 'Infinity',
    });
    expect((await patch(served, '{}', 'application/json; charset=utf-8')).statusCode).toBe(200);
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '1',
    '"seed"',
    '{"seed": "1"}',
    '{"seed": -1}',
    '{"seed": 1.5}',
    '{"seed": 1e400}',
    '{"seed": null}',
    '{"gainDb": -61}',
    '{"gainDb": 24.1}',
    '{"mix": "over"}',
    '{"isDucking": 1}',
    '{"steps": 0}',
    '{"prompt": 7}',
    '{"bundle": "live"}',
    '{"volume": 1}',
    '{"__proto__": {"seed": 1}}',
    '{"constructor": 1}',
    '{"seed": 1, "seed2": 2}',
    `{"prompt": "${'x'.repeat(501)}"}`,
    '['.repeat(30_000),
    `{"seed":${'{"a":'.repeat(9_000)}`,
  ])('answers 400 to the change %.40s', async (payload) => {
    const served = await serve();
    served.host.add('s');
    const answer = await patch(served, payload);
    expect([answer.statusCode, answer.json()]).toEqual([400, expect.objectContaining({ status: 400 })]);
    expect(served.host.streams()).toEqual([report('s')]);
  });

  it('answers 415 to another type, 404 to no such stream, 422 where the bundle refuses, 413 to too much', async () => {
    const served = await serve();
    expect((await patch(served, '{}', 'text/plain')).statusCode).toBe(415);
    expect((await patch(served, '{"seed": 1}')).statusCode).toBe(404);
    served.host.failure = new Refusal(422, 'Cannot use the prompt: the bundle knows rain, metal');
    expect((await patch(served, '{"prompt": "la"}')).statusCode).toBe(422);
    expect((await patch(served, ' '.repeat(65_537))).statusCode).toBe(413);
  });
});

describe('/bundles', () => {
  it('lists them', async () => {
    const answer = await ask(await serve(), { method: 'GET', url: '/bundles' });
    expect(answer.json()).toEqual([expect.objectContaining({ name: 'live', isDefault: true })]);
  });
});
