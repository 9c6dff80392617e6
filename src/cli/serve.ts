import { Option, type Command } from 'commander';
import { CONFIG_PROPERTIES, flagOf, isList, SERVER_DEFAULTS } from '../server/server-config.js';
import { EXIT_CODES } from './exit-code.js';

const EXAMPLES = `
Examples:
  livefoley serve                                             for this machine: open http://127.0.0.1:8080
  livefoley serve --port 9000 --bundle foley-flow --max-sessions 2
  livefoley serve --host 0.0.0.0 --token-file token.txt       for others too; the token guards it
  livefoley serve --config server.json                        {"port": 9000, "maxSessions": 2}

Each option can also stand in the environment (--max-sessions as LIVEFOLEY_MAX_SESSIONS) and in the file (as
"maxSessions"); flags go first, then the environment, then the file. Lists take commas. OBS: WHIP, server
http://127.0.0.1:8080/whip/NAME, and the token as its bearer token. Ctrl-C fades out and ends; twice ends at once.`;

/** Adds `livefoley serve`. */
export function addServeCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command('serve')
    .summary('give live video its sound, in the browser and over WebRTC')
    .description(
      'Starts the server: a page that shares a screen, camera or file and hears its sound at once; WHIP in, WHEP out.',
    )
    .option('--config <file>', 'a JSON file with options');
  for (const key of Object.keys(CONFIG_PROPERTIES))
    command.addOption(optionOf(key as keyof typeof CONFIG_PROPERTIES));
  command.addHelpText('after', EXAMPLES).action(async (flags: Record<string, unknown>) => {
    // Loaded when needed: half a second that other commands need not wait.
    const { readServerConfig } = await import('../server/read-server-config.js');
    const config = readServerConfig({ flags, env: process.env });
    const [{ serveUntil }, { createHost }] = await Promise.all([
      import('./serve-until.js'),
      import('./create-host.js'),
    ]);
    await serveUntil(signal, {
      config,
      createHost,
      print: (line) => process.stdout.write(`${line}\n`),
    });
    // Whatever still holds the event loop, a lane that hangs for example, holds it for nobody.
    process.exit(EXIT_CODES.done);
  });
}

function optionOf(key: keyof typeof CONFIG_PROPERTIES): Option {
  const { valueName, description } = CONFIG_PROPERTIES[key];
  const preset: unknown = Reflect.get(SERVER_DEFAULTS, key);
  const note = typeof preset === 'string' || typeof preset === 'number' ? ` (default: ${preset})` : '';
  const option = new Option(`${flagOf(key)} <${valueName}>`, `${description}${note}`);
  if (isList(key))
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  return option;
}
