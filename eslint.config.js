import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Patterns that the language allows and STYLE does not. */
const restrictedSyntax = [
  {
    selector: 'ExportDefaultDeclaration',
    message: 'Name what you export.',
  },
  {
    selector: 'ExportAllDeclaration',
    message: 'No barrels: import from the file that defines the name.',
  },
  {
    // An index whose bound the code has just checked cannot be expressed under noUncheckedIndexedAccess; anything else is a guess.
    selector: 'TSNonNullExpression:not([expression.type="MemberExpression"][expression.computed=true])',
    message: 'Narrow the type instead; `!` is for an index whose bound is checked.',
  },
];

const untyped = {
  'no-undef': 'error',
  'no-unused-vars': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  eqeqeq: 'error',
  curly: ['error', 'multi-line'],
  'max-lines-per-function': ['error', { max: 60 }],
};

const nodeGlobals = Object.fromEntries(
  [
    'process',
    'console',
    'URL',
    'Buffer',
    'performance',
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
  ].map((name) => [name, 'readonly']),
);

export default defineConfig(
  { ignores: ['node_modules/', 'dist/', 'data/', '.cache/', '**/*.js', '!eslint.config.js'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
      'max-depth': ['error', 4],
      'no-restricted-syntax': ['error', ...restrictedSyntax],
      eqeqeq: 'error',
      // A body on a line of its own has braces; one behind its condition needs none.
      curly: ['error', 'multi-line'],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      // Replaced by the selector above, which admits checked indexes.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A default branch may assert that it is never reached; it may not stand in for a case.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // A signature may promise what one implementation has at once.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A for over an index is the hot path's loop: no iterator, no tuple.
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
  {
    files: ['test/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'no-console': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
  {
    files: ['server/cli/output.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['vitest.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.mjs', 'eslint.config.js'],
    languageOptions: { sourceType: 'module', globals: nodeGlobals },
    rules: untyped,
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { ...nodeGlobals, module: 'writable', require: 'readonly', __dirname: 'readonly' },
    },
    rules: untyped,
  },
);
