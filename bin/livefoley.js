#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write(
    'livefoley: Cannot start: this checkout is not built; run `npm start` or `npm test` once, or `npm run build`\n',
  );
  process.exitCode = 5;
}
