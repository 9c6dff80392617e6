import { existsSync, readdirSync, readFileSync } from 'node:fs';

// Imports point one way (DESIGN section 10):
// stream <- scheduler <- runtime <- stages <- engine, session, pipeline, lane, probe <- live <- server, cli;
// stream <- media, rtc; live joins engine and rtc

/** Files of `folder` import nothing of src but the folder itself and `others`. */
function standsOn(folder, ...others) {
  const allowed = [folder, ...others].join('|');
  return {
    name: `${folder}-stands-on-${others.join('-and-') || 'nothing'}`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: { path: '^src/', pathNot: `^src/(${allowed})/` },
  };
}

/** Files of src of which other folders use what was built of them. */
function usedAsBuilt() {
  const folders = ['bench', 'bin', 'examples', 'scripts'].filter((folder) => existsSync(folder));
  const texts = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(`${folder}/${name}`, 'utf8')),
  );
  const imports = texts.flatMap((text) => [...text.matchAll(/'[./]*\/dist\/([\w/-]+)\.js'/g)]);
  return [...new Set(imports.map((match) => match[1]))];
}

const ENTRIES = `^src/(index|lane|probe|text-lane|${['cli/main', 'rtc/squeeze-worker', ...usedAsBuilt()].join('|')})\\.ts$`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    standsOn('stream'),
    standsOn('scheduler', 'stream'),
    standsOn('runtime', 'stream', 'scheduler'),
    standsOn('stages', 'runtime', 'stream'),
    standsOn('media', 'stream'),
    standsOn('rtc', 'stream'),
    {
      name: 'stages-know-contracts-only',
      comment: 'How and where graphs run is not theirs to know.',
      severity: 'error',
      from: { path: '^src/stages/' },
      to: {
        path: '^src/runtime/',
        pathNot: '^src/runtime/(bundle-manifest|device|kernel|lane|tensors)\\.ts$',
      },
    },
    {
      name: 'live-joins-engine-and-rtc',
      severity: 'error',
      from: { path: '^src/(?!live/|index\\.ts$)', pathNot: '^src/(cli|server)/' },
      to: { path: '^src/live/' },
    },
    {
      name: 'cli-and-server-on-top',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|server)/' },
      to: { path: '^src/(cli|server)/' },
    },
    {
      name: 'server-knows-no-cli',
      severity: 'error',
      from: { path: '^src/server/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'pure-folders-do-no-io',
      severity: 'error',
      from: { path: '^src/(stream|scheduler|stages)/' },
      to: { path: '^(node:)?(fs|child_process|net|http|https|dgram|worker_threads|cluster)(/|$)' },
    },
    {
      name: 'onnxruntime-in-one-place',
      severity: 'error',
      from: { pathNot: '^(src/runtime/load-graphs\\.ts$|test/|bench/|node_modules/)' },
      to: { path: 'onnxruntime-node' },
    },
    {
      name: 'index-without-onnxruntime',
      comment: 'Graphs are loaded in lane processes alone; the library can be imported where they cannot be.',
      severity: 'error',
      from: { path: '^src/(index|cli/main)\\.ts$' },
      to: { path: '(onnxruntime-node|^src/runtime/load-graphs\\.ts$)', reachable: true },
    },
    {
      name: 'wrtc-in-one-place',
      comment: 'It must not be loaded twice, nor before it is needed, nor in a worker.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/rtc/wrtc\\.ts$' },
      to: { path: '@roamhq/wrtc' },
    },
    {
      name: 'src-stands-alone',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|examples|scripts|models|bin|dist)/' },
    },
    {
      name: 'src-uses-declared-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'undetermined'], pathNot: '^node:' },
    },
    {
      name: 'imports-resolve',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '/dist/' },
    },
    {
      name: 'nothing-unused',
      comment: 'A file that no entry reaches runs nowhere.',
      severity: 'error',
      from: { path: ENTRIES },
      to: { path: '^src/', pathNot: ENTRIES, reachable: false },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
