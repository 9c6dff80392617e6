import { Command, CommanderError } from 'commander';
import { createRequire } from 'node:module';
import { LivefoleyError } from '../stream/errors.js';
import { addDoctorCommand } from './doctor.js';
import { EXIT_CODES } from './exit-code.js';
import { addModelsCommand } from './models.js';
import { printable } from './printable.js';
import { addRenderCommand } from './render.js';
import { addServeCommand } from './serve.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const OVERVIEW = `
Start here:
  livefoley serve                         live: open the page it names
  livefoley render silent.mp4 -o scored.mp4
  livefoley doctor                        what this machine has and lacks

Exit codes: 0 done, 2 usage, 3 input or output, 4 bundle, 5 environment, 130 interrupted.`;

const interruption = new AbortController();
let hasCleanUp = false;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    interruption.abort(new Interruption());
    // Only `render` and `serve` have something to clean up, and whoever insists is not kept waiting for it.
    if (hasCleanUp) process.once(name, () => process.exit(EXIT_CODES.interrupted));
    else process.exit(explain(interruption.signal.reason));
  });
}

/** The reason with which everything under way is given up. */
class Interruption extends Error {
  override readonly name = 'Interruption';
}

// Without a listener, a reader that goes (`livefoley --help | head -1`) or a full disk would end the process in a stack.
let outputFailure: NodeJS.ErrnoException | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') outputFailure ??= error;
});
process.stderr.on('error', () => undefined); // There is nowhere left to say it.
process.once('beforeExit', () => {
  if (outputFailure === undefined || process.exitCode !== EXIT_CODES.done) return;
  process.exitCode = explain(
    new LivefoleyError('output', `Cannot write standard output: ${outputFailure.message}`),
  );
});

process.exitCode = await run(process.argv);

async function run(argv: readonly string[]): Promise<number> {
  const program = new Command('livefoley')
    .description('Gives silent video its sound.')
    .version(version)
    .configureOutput({ outputError: (text, write) => write(usageSentence(text)) })
    .addHelpText('after', OVERVIEW)
    .hook('preAction', (_, command) => {
      hasCleanUp = command.name() === 'render' || command.name() === 'serve';
    })
    .exitOverride();
  addRenderCommand(program, interruption.signal);
  addServeCommand(program, interruption.signal);
  addDoctorCommand(program);
  addModelsCommand(program);
  for (const command of program.commands) {
    command.exitOverride();
    for (const sub of command.commands) sub.exitOverride();
  }
  try {
    await program.parseAsync(argv);
    return EXIT_CODES.done;
  } catch (error) {
    return explain(error);
  }
}

/** Commander's words as one sentence in our form. */
function usageSentence(text: string): string {
  const words = text
    .replace(/^error: /, '')
    .trim()
    .replace(/\.$/, '')
    .replace(/\s*\n\s*/g, ' ');
  const sentence = words.replace(
    / is invalid\. (.)/,
    (_, next: string) => ` is invalid: ${next.toLowerCase()}`,
  );
  const [first = '', ...rest] = sentence;
  return `livefoley: ${printable(first.toUpperCase() + rest.join(''))}; add --help for what there is\n`;
}

/** One clear sentence on standard error; a stack only for what is our defect. */
function explain(error: unknown): number {
  if (interruption.signal.aborted) {
    process.stderr.write('livefoley: Interrupted; nothing was left behind\n');
    return EXIT_CODES.interrupted;
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
  if (error instanceof LivefoleyError) {
    process.stderr.write(`livefoley: ${printable(error.message)}\n`);
    return EXIT_CODES[error.place];
  }
  process.stderr.write(
    `livefoley: This is a defect of livefoley: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT_CODES.defect;
}
