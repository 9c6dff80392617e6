import comments from '@eslint-community/eslint-plugin-eslint-comments/configs';
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import rxjs from 'eslint-plugin-rxjs-x';
import globals from 'globals';
import ts from 'typescript-eslint';

// Where printing is the job.
const PRINTING = ['src/cli/**', 'scripts/**', 'bin/**', 'bench/**', 'examples/**'];

// Node's names for what a module must not assume or ask: who tests it gives it a clock.
const TIME_AND_CHANCE = [
  { object: 'Date', property: 'now', message: 'Time is an argument: take a Clock.' },
  { object: 'performance', property: 'now', message: 'Time is an argument: take a Clock.' },
  { object: 'Math', property: 'random', message: 'Renders replay exactly: draw from the seeded noise.' },
];

const SYNTAX = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of string literals: it prints itself.' },
  { selector: 'TSModuleDeclaration', message: 'Use a module: a file is a namespace already.' },
  { selector: 'TSParameterProperty', message: 'Declare the field and assign it.' },
  {
    selector:
      ':matches(Program, ExportNamedDeclaration) > VariableDeclaration > :not([id.typeAnnotation]) > ArrowFunctionExpression.init',
    message: 'Use `function` at top level; arrows are for callbacks, and for functions of a named type.',
  },
];

// `_` names what must be there and is not wanted.
const UNUSED = { argsIgnorePattern: '^_', varsIgnorePattern: '^_$' };

const NAMES = [
  { selector: 'default', format: ['camelCase'], leadingUnderscore: 'allow' },
  { selector: 'typeLike', format: ['PascalCase'] },
  { selector: 'import', format: null },
  // Names that others chose: FFmpeg's JSON, environment variables, tensors.
  { selector: ['objectLiteralProperty', 'typeProperty'], format: null },
  { selector: 'variable', modifiers: ['const'], format: ['camelCase', 'UPPER_CASE'] },
  { selector: 'variable', modifiers: ['destructured'], format: null },
];

const MODULE_CONSTANT = {
  selector: 'variable',
  modifiers: ['const', 'global'],
  types: ['array', 'boolean', 'number', 'string'],
  filter: { regex: '^version$', match: false },
  format: ['UPPER_CASE'],
};

const SUBSCRIBE = {
  selector: 'CallExpression[callee.property.name="subscribe"]',
  message: 'Stages, streams and sources are subscribed to by the session alone; compose with pipe().',
};

export default defineConfig(
  globalIgnores(['dist/', 'examples/out/', 'test-artefacts/', 'models/', 'shared/']),
  {
    extends: [js.configs.recommended, comments.recommended],
    languageOptions: { globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@eslint-community/eslint-comments/disable-enable-pair': ['error', { allowWholeFile: true }],
      '@eslint-community/eslint-comments/require-description': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-exports': [
        'error',
        {
          restrictDefaultExports: {
            direct: true,
            named: true,
            defaultFrom: true,
            namedFrom: true,
            namespaceFrom: true,
          },
        },
      ],
      'no-unused-vars': ['error', UNUSED],
      'no-template-curly-in-string': 'error',
      'object-shorthand': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [ts.configs.strictTypeChecked],
    plugins: { 'rxjs-x': rxjs },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // Reads of typed arrays within a loop's bounds are the allowed case; review holds the rest (STYLE T7).
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `void` before a promise says that its failure is looked after elsewhere.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // What it calls always true may have changed during an `await` or in a call.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/only-throw-error': ['error', { allowRethrowing: true }],
      '@typescript-eslint/no-unused-vars': ['error', UNUSED],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { allowDefaultCaseForExhaustiveSwitch: false, considerDefaultExhaustiveForUnions: false },
      ],
      '@typescript-eslint/naming-convention': ['error', ...NAMES],
      'max-params': ['error', 3],
      'no-restricted-syntax': ['error', ...SYNTAX],
      ...rxjs.configs.strict.rules,
      'rxjs-x/finnish': [
        'error',
        {
          functions: false,
          methods: false,
          // An AsyncIterable as well; only a look at it tells.
          names: { '^frames$': false },
          types: { '^(Monotype)?OperatorFunction$': false },
        },
      ],
      // An unhandled error of a stream is thrown, which is loud enough.
      'rxjs-x/no-ignored-error': 'off',
    },
  },
  {
    files: ['src/**'],
    rules: {
      '@typescript-eslint/naming-convention': ['error', ...NAMES, MODULE_CONSTANT],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/{stream,scheduler,stages,media,rtc,live}/**'],
    rules: {
      'no-restricted-properties': ['error', ...TIME_AND_CHANCE],
      'no-restricted-syntax': ['error', ...SYNTAX, SUBSCRIBE],
    },
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      // Vitest's asymmetric matchers are `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // A test knows what it makes fail.
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      'rxjs-x/no-implicit-any-catch': 'off',
      // The arguments of a table's row.
      'max-params': 'off',
    },
  },
  { files: ['src/stream/clock.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: PRINTING, rules: { 'no-console': 'off' } },
  { files: ['**/*.config.{js,ts}', '.dependency-cruiser.mjs'], rules: { 'no-restricted-exports': 'off' } },
);
