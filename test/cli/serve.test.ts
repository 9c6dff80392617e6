import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { CONFIG_PROPERTIES, flagOf } from '../../src/server/server-config.js';
import { folder, livefoley, sentence } from './command.js';

describe('livefoley serve', () => {
  it('teaches every option and shows examples', async () => {
    const { code, stdout } = await livefoley(['serve', '--help']);
    const text = stdout.toString();
    expect(code).toBe(0);
    for (const key of Object.keys(CONFIG_PROPERTIES)) expect(text).toContain(`${flagOf(key)} <`);
    expect(text).toContain('livefoley serve --host 0.0.0.0 --token-file token.txt');
  });

  it.each<[string, readonly string[], number, string]>([
    ['an unknown flag', ['--prot', '1'], 2, "Unknown option '--prot'"],
    ['a bad port', ['--port', 'x'], 2, '--port: it must be a whole number from 0 to 65535'],
    ['an open address without a token', ['--host', '0.0.0.0'], 2, 'give --token-file'],
    ['a short token', ['--token', 'short'], 2, 'received 5 characters'],
    ['a missing file', ['--config', 'none.json'], 3, 'Cannot read the configuration none.json'],
    ['a bad file', ['--config', 'bad.json'], 2, "'prot' in bad.json"],
    ['an argument', ['more'], 2, 'Expected 0 arguments'],
  ])('ends at once, in one sentence, for %s', async (_, args, code, words) => {
    writeFileSync(join(folder, 'bad.json'), '{"prot": 1}');
    const ended = await livefoley(['serve', ...args]);
    expect([ended.code, sentence(ended)]).toEqual([code, expect.stringContaining(words)]);
  });

  it('names a bad variable', async () => {
    const ended = await livefoley(['serve'], { env: { LIVEFOLEY_MAX_SESSIONS: 'many' } });
    expect([ended.code, sentence(ended)]).toEqual([2, expect.stringContaining('LIVEFOLEY_MAX_SESSIONS')]);
  });
});
