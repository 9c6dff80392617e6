import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findBundle, listBundles } from '../../src/runtime/find-bundle.js';
import { BUNDLES, BundleCopies, refusal } from './bundle-fixture.js';

test('listBundles() names the bundles of the package in order', async () => {
  const names = (await listBundles()).map((bundle) => bundle.name);
  expect(names).toEqual(expect.arrayContaining(['conformance', 'conformance-window']));
  expect(names).toEqual([...names].sort());
});

test('findBundle() takes a name, and a path to a folder, links resolved', async () => {
  await using copies = await BundleCopies.create();
  expect(await findBundle('conformance')).toBe(join(BUNDLES, 'conformance'));
  expect(await findBundle(copies.path('conformance'))).toBe(copies.path('conformance'));
  expect(await findBundle(`${copies.path('conformance')}/`)).toBe(copies.path('conformance'));
  if (process.platform === 'win32') return; // Links need a privilege there.
  await symlink(copies.path('conformance'), copies.path('link'));
  expect(await findBundle(copies.path('link'))).toBe(copies.path('conformance'));
});

test.each(['', 'nowhere', '../bundles', '/dev/null', 'conformance\0'])(
  'findBundle(%j) says in one sentence which bundles there are',
  async (name) => {
    const { message } = await refusal(() => findBundle(name));
    expect(message).toMatch(
      /^Cannot find bundle '.*': it must be the name of a bundle \(.*conformance, conformance-window.*\) or /,
    );
    expect(message).not.toContain('\n');
  },
);

test('findBundle() says what a path is that is no bundle', async () => {
  await using copies = await BundleCopies.create();
  await mkdir(copies.path('empty'));
  await writeFile(copies.path('file'), '');
  expect((await refusal(() => findBundle(copies.path('empty')))).message).toContain(
    "received the folder 'empty' without one",
  );
  expect((await refusal(() => findBundle(copies.path('file')))).message).toContain('received a file');
  expect((await refusal(() => findBundle(copies.path('none')))).message).toContain('received neither');
});
