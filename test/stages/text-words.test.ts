import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readTextRows } from '../../src/stages/text-words.js';

const TABLE = new Map(
  ['door', 'slam', 'hope', 'berry', 'box', 'steel-wool', 'i'].map((word, row) => [word, row]),
);

test.each([
  ['Doors SLAMMED', [0, 1], []],
  ['hoping, hoped; hopes', [2, 2, 2], []],
  ['berries in boxes', [3, 4], ['in']],
  ['steel-wool', [5], []],
  ['door-slam door--slam -door-', [0, 1, 0, 1, 0], []],
  ['zebra-door Zebra-Fish', [0], ['zebra-fish']],
  ['is ing ed', [], ['is', 'ing', 'ed']],
  ['Çedille 42 €', [], ['çedille']],
  ['', [], []],
])('readTextRows() reads %j as rows of known words', (text, rows, unknownWords) => {
  expect(readTextRows(text, TABLE)).toEqual({ rows, unknownWords });
});

test('readTextRows() reads every text as the lab does', () => {
  const at = (path: string): string => readFileSync(new URL(`../../models/${path}`, import.meta.url), 'utf8');
  const words = at('bundles/text/words.txt').split('\n').slice(0, -1);
  const table = new Map(words.map((word, row) => [word, row]));
  const golden = JSON.parse(at('tests/text_golden.json')) as {
    text: string;
    rows: number[];
    unknown: string[];
  }[];
  expect(golden.length).toBeGreaterThan(90);
  for (const { text, rows, unknown } of golden) {
    expect(readTextRows(text, table), text).toEqual({ rows, unknownWords: unknown });
  }
});
