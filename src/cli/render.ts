import { Option, type Command } from 'commander';
import { locateFfmpeg } from '../media/locate-ffmpeg.js';
import { DEVICES, type DeviceChoice } from '../runtime/device.js';
import { durationOption, integerOption, secondsOption } from './number-option.js';
import { printable } from './printable.js';
import { createProgressView } from './progress.js';
import type { RenderReport } from './render-file.js';

type RenderFlags = {
  readonly output: string;
  readonly bundle: string;
  readonly seed: number;
  readonly prompt?: string;
  readonly steps?: number;
  readonly mix: 'replace' | 'under';
  readonly lanes?: number;
  readonly device: DeviceChoice;
  readonly start?: number;
  readonly duration?: number;
  readonly force: boolean;
  readonly json: boolean;
};

const EXAMPLES = `
Examples:
  livefoley render silent.mp4 -o scored.mp4                   the picture copied, the sound generated
  livefoley render game.mkv -o scored.mkv --mix under         ours under the game's own sound, ducked by it
  livefoley render clip.mp4 -o clip.wav --start 1:30 --duration 20
  livefoley render clip.mp4 -o a.flac --seed 7 --prompt "metal rain"
  livefoley render clip.mp4 -o a.flac --prompt "a steel door slams in a hall"
  livefoley render clip.mp4 -o - | ffplay -f f32le -ar 48000 -nodisp -i -

The same bundle, seed, prompt, steps and input give the same sound, bit for bit, on any number of lanes.`;

/** Adds `livefoley render`. */
export function addRenderCommand(program: Command, signal: AbortSignal): void {
  program
    .command('render')
    .summary('give a silent video its sound')
    .description(
      'Gives a silent (or sounding) video a generated, synchronous soundtrack, faster than real time.',
    )
    .argument('<input>', 'a video: a file, a URL, or - for standard input')
    .requiredOption(
      '-o, --output <file>',
      'where to: .mp4 .mov .mkv .webm (picture copied), .wav .flac .opus, or - for 32-bit float PCM, 48 kHz',
    )
    .option(
      '--bundle <name>',
      'the system that makes the sound: a name from `livefoley models list`, or a folder',
      'live',
    )
    .option('--seed <n>', 'another seed, another take', integerOption(0, Number.MAX_SAFE_INTEGER), 0)
    .option(
      '--prompt <text>',
      'what should be heard, in words; `livefoley models inspect` lists those a bundle knows itself',
    )
    .option('--steps <n>', "steps of the flow; more is slower (default: the bundle's)", integerOption(1, 50))
    .addOption(
      new Option('--mix <how>', "replace the video's own sound, or go under it")
        .choices(['replace', 'under'])
        .default('replace'),
    )
    .option('--lanes <n>', 'processes that compute (default: by cores and length)', integerOption(1, 64))
    .addOption(new Option('--device <where>', 'what computes').choices(['auto', ...DEVICES]).default('auto'))
    .option('--start <time>', 'begin here: seconds, or 1:30', secondsOption)
    .option('--duration <time>', 'render so much', durationOption)
    .option('--force', 'replace an output that exists', false)
    .option('--json', 'print one JSON object with the figures', false)
    .addHelpText('after', EXAMPLES)
    .action(async (input: string, flags: RenderFlags) => render(input, flags, signal));
}

async function render(input: string, flags: RenderFlags, signal: AbortSignal): Promise<void> {
  // Loaded when needed: other commands, and mistakes in arguments, need not wait for it.
  const [{ renderFile }, ffmpeg] = await Promise.all([import('./render-file.js'), locateFfmpeg({ signal })]);
  const progress = await createProgressView(process.stderr);
  try {
    const report = await renderFile(ffmpeg, {
      ...flags,
      input,
      startSeconds: flags.start,
      durationSeconds: flags.duration,
      signal,
      onProgress: progress.update,
      onNotice: (notice) => process.stderr.write(`livefoley: ${printable(notice)}\n`),
    });
    progress.end();
    // With `-o -` standard output carries the sound.
    const out = flags.output === '-' ? process.stderr : process.stdout;
    out.write(flags.json ? `${JSON.stringify(rounded(report))}\n` : describe(report));
  } finally {
    progress.end();
  }
}

/** The report with as many digits as mean something. */
export function rounded(report: RenderReport): RenderReport {
  return JSON.parse(
    JSON.stringify(report, (_key, value: unknown) =>
      typeof value === 'number' ? Number(value.toFixed(4)) : value,
    ),
  ) as RenderReport;
}

/** The report for a person. */
export function describe(report: RenderReport): string {
  const { chunkMs, seams } = report;
  const ms = (value: number | null): string => (value === null ? '–' : value.toFixed(1));
  const level = (value: number | null, unit: string): string =>
    value === null ? 'silence' : `${value.toFixed(1)} ${unit}`;
  return [
    `${printable(report.output)}: ${report.durationSeconds.toFixed(2)} s of sound by ${report.bundle}, seed ${report.seed}, ${report.steps} step${report.steps === 1 ? '' : 's'}`,
    `  speed       ${report.timesRealTime.toFixed(1)} times real time on ${report.lanes} lane${report.lanes === 1 ? '' : 's'} (${report.device}); first sound after ${report.firstSoundMs.toFixed(0)} ms`,
    `  compute     ${ms(chunkMs.p50)} ms a chunk, p95 ${ms(chunkMs.p95)}, p99 ${ms(chunkMs.p99)}${report.laneRestarts > 0 ? `; ${report.laneRestarts} lane restarts` : ''}`,
    `  loudness    ${level(report.loudnessLufs, 'LUFS')}, true peak ${level(report.peakDbtp, 'dBTP')}`,
    `  seams       ${seams.count}, worst step ${seams.worstStep.toFixed(3)} of the local peak`,
    '',
  ].join('\n');
}
