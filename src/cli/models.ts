import type { Command } from 'commander';
import type { Bundle } from '../runtime/bundle.js';
import type { AnyManifest, BundleManifest, TextManifest } from '../runtime/bundle-manifest.js';
import { listBundles } from '../runtime/find-bundle.js';
import { LivefoleyError } from '../stream/errors.js';
import { MEDIA_RATE } from '../stream/media-clock.js';

/** Adds `livefoley models list|inspect|verify`. */
export function addModelsCommand(program: Command): void {
  const models = program
    .command('models')
    .summary('list, inspect and verify bundles')
    .description(
      'A bundle is one system that makes sound, or reads prompts: a folder with a manifest and ONNX graphs.',
    );
  models.command('list').description('The bundles that ship with livefoley.').action(list);
  models
    .command('inspect')
    .description('What a bundle holds: its rates, graphs, prompt words and licence.')
    .argument('<bundle>', 'a name or a folder')
    .action(async (name: string) => {
      const { isSounding, openBundle } = await import('../runtime/bundle.js');
      const bundle = await openBundle(name);
      const rows = isSounding(bundle) ? soundingRows(bundle.manifest) : textRows(bundle.manifest);
      process.stdout.write(inspect(bundle, rows));
    });
  models
    .command('verify')
    .description(
      'Checks manifest, checksums, graphs and golden answers. Exits with 4 if a bundle is damaged.',
    )
    .argument('[bundles...]', 'names or folders (default: all that ship)')
    .action(async (names: string[]) => {
      const all = names.length > 0 ? names : (await listBundles()).map(({ name }) => name);
      for (const name of all) process.stdout.write(await verify(name));
    });
}

/** Here and below the reader of manifests is loaded when needed: mistakes in arguments need not wait for it. */
async function list(): Promise<void> {
  const { openBundle } = await import('../runtime/bundle.js');
  for (const { name } of await listBundles()) {
    const { manifest } = await openBundle(name);
    const mode = manifest.system === 'text' ? 'text' : manifest.mode;
    process.stdout.write(
      `${name.padEnd(20)} ${manifest.version.padEnd(8)} ${mode.padEnd(7)} ${manifest.description ?? manifest.system}\n`,
    );
  }
}

type Row = readonly [key: string, value: string];

function inspect({ manifest, identity, folder }: Bundle<AnyManifest>, rows: readonly Row[]): string {
  const { graphs, files } = manifest;
  const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
  const all: Row[] = [
    ['bundle', `${manifest.name} ${manifest.version} (${manifest.system}), ${manifest.licence}`],
    ['folder', folder],
    ['sha256', identity],
    ['size', `${(bytes / 1e6).toFixed(2)} MB in ${Object.keys(files).length} files`],
    ...rows,
    ['graphs', Object.keys(graphs).join(' ')],
  ];
  return all.map(([key, value]) => `${key.padEnd(9)} ${value}\n`).join('');
}

function textRows({ text }: TextManifest): Row[] {
  return [
    ['reads', `${text.words.count} words`],
    ['prompt', text.vocabulary.join(' ')],
  ];
}

function soundingRows(manifest: BundleManifest): Row[] {
  const { gridFrames, hopPoints, windowPoints, encoders, mapper, fusion, decoder, prompt } = manifest;
  const ms = (points: number): string =>
    `${Number((((points * gridFrames) / MEDIA_RATE) * 1000).toFixed(1))} ms`;
  return [
    [
      'grid',
      `${MEDIA_RATE / gridFrames} Hz, hop ${ms(hopPoints)}${windowPoints === undefined ? '' : `, window ${ms(windowPoints)}`}, ${manifest.mode}`,
    ],
    [
      'encoders',
      encoders
        .map(
          (each) =>
            `${each.name} ${each.size.width}x${each.size.height} every ${ms(each.everyPoints)}, lag ${ms(each.lagPoints)}`,
        )
        .join('; '),
    ],
    ['fusion', fusion.kind],
    ['mapper', mapper.kind],
    ['flow', inWords(manifest.flow)],
    ['decoder', `${decoder.delayFrames} audio frames of delay`],
    [
      'anchors',
      `every ${ms(manifest.anchor.everyPoints)}, after ${ms(manifest.anchor.warmUpPoints)} of warm-up`,
    ],
    ['prompt', prompt?.vocabulary.join(' ') ?? 'takes none'],
  ];
}

function inWords({ steps, guidance, unrolled = {} }: BundleManifest['flow']): string {
  const sizes = Object.keys(unrolled).join(', ') || 'none';
  return `${steps.default} step(s) by default, up to ${steps.max}; guidance ${guidance.kind}; unrolled for ${sizes}`;
}

/** Files first, then, in a process of their own, graphs and golden answers. */
async function verify(name: string): Promise<string> {
  const { openBundle, verifyFiles } = await import('../runtime/bundle.js');
  const bundle = await openBundle(name);
  await verifyFiles(bundle);
  const { probeDevices } = await import('../engine.js');
  const [probe] = await probeDevices(name, ['cpu']);
  if (probe?.state === 'usable')
    return `${bundle.manifest.name}: manifest, files, graphs and golden answers are as they must be\n`;
  throw new LivefoleyError('bundle', probe?.reason ?? `Cannot verify bundle '${name}'`);
}
