import { createHash } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadBundle, verifyFiles } from '../../src/runtime/bundle.js';
import { BUNDLES, BundleCopies, mutate, refusal } from './bundle-fixture.js';

let copies: BundleCopies;
beforeEach(async () => {
  copies = await BundleCopies.create();
});
afterEach(async () => {
  await copies[Symbol.asyncDispose]();
});

describe.each(['conformance', 'conformance-window'])('bundle %s', (name) => {
  test('loads by its name, and its identity is the checksum of its manifest', async () => {
    const bundle = await loadBundle(name);
    expect(bundle.folder).toBe(join(BUNDLES, name));
    expect(bundle.manifest.name).toBe(name);
    const text = await readFile(join(BUNDLES, name, 'bundle.json'));
    expect(bundle.identity).toBe(createHash('sha256').update(text).digest('hex'));
  });

  test('loads from another folder, and has the files it says', async () => {
    const bundle = await loadBundle(copies.path(name));
    expect(bundle.folder).toBe(copies.path(name));
    await verifyFiles(bundle);
  });
});

test('a manifest whose identity was checked before is not checked again; any other is', async () => {
  await copies.edit('conformance', (manifest) => mutate(manifest, { path: ['hopPoints'], value: 'three' }));
  const folder = copies.path('conformance');
  const identity = createHash('sha256')
    .update(await readFile(join(folder, 'bundle.json')))
    .digest('hex');
  expect((await loadBundle(folder, identity)).identity).toBe(identity);
  for (const other of [undefined, '', identity.toUpperCase(), '0'.repeat(64)])
    expect((await refusal(() => loadBundle(folder, other))).message).toContain('hopPoints must ');
});

test('readFile() returns the bytes of a file that lies in a sibling bundle', async () => {
  const bundle = await loadBundle('conformance-window');
  const bytes = await bundle.readFile('semantic.onnx');
  expect(Buffer.compare(bytes, await readFile(join(BUNDLES, 'conformance', 'semantic.onnx')))).toBe(0);
});

test('readFile() refuses a flipped byte, here and in a sibling bundle, and names the field', async () => {
  const file = copies.path('conformance', 'semantic.onnx');
  const bytes = await readFile(file);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(file, bytes);
  const window = await loadBundle(copies.path('conformance-window'));
  expect((await refusal(() => window.readFile('semantic.onnx'))).message).toMatch(
    /^Bundle 'conformance-window': semantic\.onnx of the sibling bundle 'conformance' must have the SHA-256 of bundle\.json, files\['semantic\.onnx'\]\.sha256, [0-9a-f]{64}, received [0-9a-f]{64}$/,
  );
  const causal = await loadBundle(copies.path('conformance'));
  expect((await refusal(() => verifyFiles(causal))).message).toContain(
    "'conformance': semantic.onnx must have the SHA-256",
  );
});

test('readFile() refuses a wrong checksum in the manifest', async () => {
  const path = ['files', 'map.onnx', 'sha256'];
  await copies.edit('conformance', (manifest) => mutate(manifest, { path, value: '0'.repeat(64) }));
  const bundle = await loadBundle(copies.path('conformance'));
  const { message } = await refusal(() => bundle.readFile('map.onnx'));
  expect(message).toContain(
    `map.onnx must have the SHA-256 of bundle.json, files['map.onnx'].sha256, ${'0'.repeat(64)}, `,
  );
});

test('readFile() refuses a truncated file by its length', async () => {
  await writeFile(copies.path('conformance', 'fuse.onnx'), 'x');
  const bundle = await loadBundle(copies.path('conformance'));
  const { message } = await refusal(() => bundle.readFile('fuse.onnx'));
  expect(message).toMatch(
    /^Bundle 'conformance': fuse\.onnx must have the \d+ bytes that bundle\.json, files says, received 1$/,
  );
});

test('readFile() refuses a missing file, a folder and an unlisted name', async () => {
  await rm(copies.path('conformance', 'map.onnx'));
  await rm(copies.path('conformance', 'fuse.onnx'));
  await mkdir(copies.path('conformance', 'fuse.onnx'));
  const bundle = await loadBundle(copies.path('conformance'));
  const messageOf = async (file: string): Promise<string> =>
    (await refusal(() => bundle.readFile(file))).message;
  expect(await messageOf('map.onnx')).toBe(
    "Bundle 'conformance': map.onnx must be a file that can be read, received nothing",
  );
  expect(await messageOf('fuse.onnx')).toBe(
    "Bundle 'conformance': fuse.onnx must be a regular file, received a folder",
  );
  for (const name of ['../conformance/motion.onnx', 'README.md', 'bundle.json', 'constructor']) {
    expect(await messageOf(name)).toBe(
      `Bundle 'conformance': ${name} must be listed in bundle.json, files, received nothing`,
    );
  }
});

test.skipIf(process.platform === 'win32')(
  'readFile() refuses a symbolic link, even one to the right bytes',
  async () => {
    await rename(copies.path('conformance', 'map.onnx'), copies.path('outside.onnx'));
    await symlink(copies.path('outside.onnx'), copies.path('conformance', 'map.onnx'));
    const bundle = await loadBundle(copies.path('conformance'));
    const { message } = await refusal(() => bundle.readFile('map.onnx'));
    expect(message).toBe("Bundle 'conformance': map.onnx must be a regular file, received a symbolic link");
  },
);

test('readFile() takes a hard link, as the bytes are checked', async () => {
  await link(copies.path('conformance', 'map.onnx'), copies.path('elsewhere.onnx'));
  const bundle = await loadBundle(copies.path('conformance'));
  expect((await bundle.readFile('map.onnx')).length).toBe(bundle.manifest.files['map.onnx']!.bytes);
});

test('verifyFiles() refuses a file that the manifest does not know', async () => {
  await writeFile(copies.path('conformance', 'notes.txt'), 'hello');
  const bundle = await loadBundle(copies.path('conformance'));
  const { message } = await refusal(() => verifyFiles(bundle));
  expect(message).toBe(
    "Bundle 'conformance': notes.txt must be listed in bundle.json, files, received a file in the folder",
  );
});

test('loadBundle() refuses a manifest that is cut off, not text, too large, a link, or of another folder', async () => {
  const file = copies.path('conformance', 'bundle.json');
  const text = await readFile(file, 'utf8');
  const messageOf = async (): Promise<string> =>
    (await refusal(() => loadBundle(copies.path('conformance')))).message;
  await writeFile(file, text.slice(0, 500));
  expect(await messageOf()).toMatch(/^Bundle 'conformance': bundle\.json must be JSON: /);
  await writeFile(file, Uint8Array.of(0x7b, 0xff, 0xfe));
  expect(await messageOf()).toBe(
    "Bundle 'conformance': bundle.json must be text in UTF-8, received other bytes",
  );
  await writeFile(file, ' '.repeat(5_000_000));
  expect(await messageOf()).toBe(
    "Bundle 'conformance': bundle.json must have at most 4194304 bytes, received 5000000",
  );
  await writeFile(file, text);
  await rename(copies.path('conformance'), copies.path('renamed'));
  expect((await refusal(() => loadBundle(copies.path('renamed')))).message).toBe(
    `Bundle 'renamed': bundle.json, name must be the folder's name, 'renamed', received "conformance"`,
  );
});
