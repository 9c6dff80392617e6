import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { readServerConfig } from '../../src/server/read-server-config.js';
import { SERVER_DEFAULTS, type ServerConfig } from '../../src/server/server-config.js';
import { LivefoleyError } from '../../src/stream/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'livefoley-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TOKEN = 'sixteen-letters!';

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function read(flags: Record<string, unknown>, env: Record<string, string> = {}): ServerConfig {
  return readServerConfig({ flags, env });
}

function failure(flags: Record<string, unknown>, env: Record<string, string> = {}): LivefoleyError {
  try {
    read(flags, env);
  } catch (error) {
    expect(error).toBeInstanceOf(LivefoleyError);
    return error as LivefoleyError;
  }
  throw new Error('Nothing was refused');
}

describe('readServerConfig() takes', () => {
  it('defaults where nothing is said', () => {
    expect(read({}, { HOME: '/', LIVEFOLEY_TEST_MARK: 'x', LIVEFOLEY_PORT: '' })).toEqual(SERVER_DEFAULTS);
  });

  it('flags before environment before file before defaults', () => {
    const config = file('all.json', { port: 1, maxSessions: 1, lostSeconds: 7 });
    const env = { LIVEFOLEY_PORT: '2', LIVEFOLEY_MAX_SESSIONS: '2', LIVEFOLEY_CONFIG: config };
    expect(read({ port: '3' }, env)).toEqual({ ...SERVER_DEFAULTS, port: 3, maxSessions: 2, lostSeconds: 7 });
    expect(read({ config }, { LIVEFOLEY_CONFIG: '/nowhere' }).port).toBe(1);
  });

  it('each option from each place alike', () => {
    const said = {
      host: 'localhost',
      port: 0,
      token: TOKEN,
      bundle: 'live',
      maxSessions: 3,
      lanes: 2,
      device: 'cpu',
      delayMs: 12.5,
      allowOrigin: ['https://a.example', 'http://b.example:81'],
      allowHost: ['c.local'],
      publicUrl: 'https://d.example/e/',
      logLevel: 'info',
      udpPorts: '50000-50100',
      lostSeconds: 5,
      firstPictureSeconds: 6,
      idleSeconds: 7,
      requestsPerMinute: 8,
    };
    const meant = { ...said, publicUrl: 'https://d.example/e', udpPorts: { min: 50_000, max: 50_100 } };
    const texts = Object.entries(said).map(([key, value]) => [key, String(value)] as const);
    const variable = (key: string): string => `LIVEFOLEY_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
    expect(read(Object.fromEntries(texts))).toEqual(meant);
    expect(read({}, Object.fromEntries(texts.map(([key, value]) => [variable(key), value])))).toEqual(meant);
    expect(read({ config: file('each.json', said) })).toEqual(meant);
  });

  it('a repeated flag as a list', () => {
    expect(read({ allowHost: ['a', 'b,c'] }).allowHost).toEqual(['a', 'b', 'c']);
  });

  it('the token, or its file, from the first place that names either', () => {
    const tokenFile = file('token', ` ${TOKEN}\n`);
    expect(read({ tokenFile }).token).toBe(TOKEN);
    expect(read({ tokenFile }, { LIVEFOLEY_TOKEN: 'another-token-here' }).token).toBe(TOKEN);
    expect(read({ token: 'another-token-here' }, { LIVEFOLEY_TOKEN_FILE: '/nowhere' }).token).toMatch(
      /^another/,
    );
    expect(read({ tokenFile })).not.toHaveProperty('tokenFile');
  });

  it('any address with a token, and only loopback without one', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) expect(read({ host }).host).toBe(host);
    for (const host of ['0.0.0.0', '::', '192.168.0.2', 'example.com', '127.0.0.1.nip.io']) {
      expect(failure({ host }).message).toContain('give --token-file');
      expect(read({ host, token: TOKEN }).host).toBe(host);
    }
  });
});

describe('readServerConfig() refuses as usage, naming place and requirement,', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ port: '65536' }, '--port: it must be a whole number from 0 to 65535, received "65536"'],
    [{ port: 'http' }, '--port'],
    [{ port: '80.5' }, '--port'],
    [{ port: '' }, '--port'],
    [{ maxSessions: '0' }, '--max-sessions'],
    [{ lanes: '65' }, '--lanes'],
    [{ delayMs: '1e400' }, '--delay-ms: it must be a number from 0 to 10000'],
    [{ device: 'tpu' }, '--device: it must be one of auto, cuda, webgpu, cpu'],
    [{ logLevel: 'loud' }, '--log-level: it must be one of fatal'],
    [{ udpPorts: '1' }, 'two ports such as 50000-50100'],
    [{ udpPorts: '2-1' }, 'UDP ports 2-1'],
    [{ udpPorts: '0-9' }, 'UDP ports 0-9'],
    [{ udpPorts: '1-65536' }, 'UDP ports 1-65536'],
    [{ allowOrigin: 'https://a.example/x' }, '--allow-origin: it must hold origins'],
    [{ allowHost: 'a:80' }, '--allow-host: it must hold names'],
    [{ publicUrl: 'foley.example' }, '--public-url: it must be an address'],
    [{ host: '' }, '--host: it must not be empty'],
    [{ token: TOKEN, tokenFile: 'x' }, 'both --token and --token-file'],
  ])('the flags %j', (flags, words) => {
    const error = failure(flags);
    expect(error.place).toBe('usage');
    expect(error.message).toContain(words);
  });

  it('a token that is too short, without showing it', () => {
    for (const token of ['short-secret', `with ${TOKEN} spaces`]) {
      const { message } = failure({ token });
      expect(message).toMatch(
        /--token: it must have 16 to 512 visible characters .* received \d+ characters/,
      );
      expect(message).not.toContain(token);
    }
    const tokenFile = file('short', 'short-secret');
    expect(failure({ tokenFile }).message).toMatch(/the token in .*short: it must have 16/);
  });

  it('unknown and wrong variables', () => {
    expect(failure({}, { LIVEFOLEY_PROT: '1' }).message).toMatch(
      /LIVEFOLEY_PROT: it must be one of .*LIVEFOLEY_PORT/,
    );
    expect(failure({}, { LIVEFOLEY_MAX_SESSIONS: 'x' }).message).toContain('LIVEFOLEY_MAX_SESSIONS: it must');
  });

  it.each<[string, unknown, string]>([
    ['broken.json', '{"port": ', 'it must be JSON'],
    ['list.json', [], 'it must be one JSON object'],
    ['null.json', 'null', 'it must be one JSON object'],
    ['unknown.json', { prot: 1 }, "'prot' in"],
    ['proto.json', '{"__proto__": {"port": 1}}', "'__proto__' in"],
    ['wrong.json', { port: -1 }, "'port' in"],
    ['nested.json', { port: {} }, "'port' in"],
  ])('the file %s', (name, content, words) => {
    const config = file(name, content);
    const error = failure({ config });
    expect(error.place).toBe('usage');
    expect(error.message).toContain(words);
    expect(error.message).toContain(config);
  });

  it('as input what cannot be read', () => {
    expect(failure({ config: join(folder, 'none.json') })).toMatchObject({ place: 'input' });
    expect(failure({ tokenFile: folder })).toMatchObject({ place: 'input' });
  });
});
