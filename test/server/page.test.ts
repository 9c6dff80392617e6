import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { ask, serve, type Served } from './server-fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'livefoley-page-'));
afterAll(() => rmSync(folder, { recursive: true }));

const page = join(folder, 'web');
const media = join(folder, 'media');
mkdirSync(join(page, 'assets'), { recursive: true });
mkdirSync(media);
writeFileSync(join(page, 'index.html'), '<!doctype html><title>page</title>');
writeFileSync(join(page, 'favicon.svg'), '<svg/>');
writeFileSync(join(page, 'assets/main-1a2b.js'), 'export {};');
writeFileSync(join(media, 'workshop.mp4'), '0123456789');
writeFileSync(join(folder, 'secret.txt'), 'secret');
writeFileSync(join(page, '.hidden'), 'secret');

async function built(): Promise<Served> {
  return serve({}, { folders: { page, media } });
}

describe('The page', () => {
  it('is served with what guards it', async () => {
    const { statusCode, headers, body } = await ask(await built(), { method: 'GET', url: '/?listen=a' });
    expect([statusCode, body]).toEqual([200, expect.stringContaining('<title>page')]);
    expect(headers).toMatchObject({
      'content-type': expect.stringContaining('text/html'),
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(
        /^default-src 'self'; script-src 'self'; .*frame-ancestors 'none'$/,
      ),
      'permissions-policy': expect.stringContaining('display-capture=(self)'),
    });
    expect(headers['content-security-policy']).not.toContain('unsafe');
  });

  it('keeps files that are named by their content, and no others', async () => {
    const served = await built();
    const asset = await ask(served, { method: 'GET', url: '/assets/main-1a2b.js' });
    expect(asset.headers['content-type']).toMatch(/javascript/);
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const icon = await ask(served, { method: 'GET', url: '/favicon.svg' });
    expect([icon.statusCode, icon.headers['cache-control']]).toEqual([200, 'no-cache']);
    const missing = await ask(served, { method: 'GET', url: '/assets/none.js' });
    expect([missing.statusCode, missing.headers['cache-control']]).toEqual([404, 'no-store']);
  });

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '/%252e%252e/secret.txt',
    '/.hidden',
    '/assets',
    '/index.html%00.js',
    '//secret.txt',
  ])('gives nothing else: %s', async (url) => {
    const { statusCode, body } = await ask(await built(), { method: 'GET', url });
    expect(statusCode, body).toBeGreaterThanOrEqual(400);
    expect(statusCode).toBeLessThan(500);
    expect(body).not.toContain('secret\n');
    expect(body).not.toBe('secret');
  });

  it('says what to do where it was not built', async () => {
    const served = await serve({}, { folders: { page: join(folder, 'none'), media } });
    const { statusCode, headers, body } = await ask(served, { method: 'GET', url: '/' });
    expect([statusCode, headers['content-type']]).toEqual([404, expect.stringContaining('text/html')]);
    expect(body).toContain('npm run build');
  });
});

describe('/demo.mp4', () => {
  it('is served whole and in ranges', async () => {
    const served = await built();
    const whole = await ask(served, { method: 'GET', url: '/demo.mp4' });
    expect([whole.statusCode, whole.body]).toEqual([200, '0123456789']);
    expect(whole.headers).toMatchObject({ 'content-type': 'video/mp4', 'accept-ranges': 'bytes' });
    const part = await ask(served, { method: 'GET', url: '/demo.mp4', headers: { range: 'bytes=2-4' } });
    expect([part.statusCode, part.body]).toEqual([206, '234']);
    expect(part.headers['content-range']).toBe('bytes 2-4/10');
    const beyond = await ask(served, { method: 'GET', url: '/demo.mp4', headers: { range: 'bytes=20-' } });
    expect(beyond.statusCode).toBe(416);
  });

  it('is missed in words', async () => {
    const served = await serve({}, { folders: { page, media: page } });
    const answer = await ask(served, { method: 'GET', url: '/demo.mp4' });
    expect([answer.statusCode, answer.body]).toEqual([404, expect.stringContaining('not installed')]);
  });
});
