import tseslint from 'typescript-eslint'

const noTopLevelLet = {
  selector:
    'Program > VariableDeclaration[kind="let"], Program > ExportNamedDeclaration > VariableDeclaration[kind="let"]',
  message: 'State needs one owner with a lifetime: no module-level let.',
}
const noStarExport = { selector: 'ExportAllDeclaration', message: 'Write every exported name out.' }
const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'Use named exports.' }
const noEnvironment = {
  selector: 'MemberExpression[object.name="process"][property.name="env"]',
  message: 'Settings are read once, in a file named config.ts.',
}

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/gen/**',
      '**/node_modules/**',
      '**/__fixtures__/**',
      '**/*.cjs',
      '**/*.mjs',
      'models/**',
      'data/**',
      'bench/k6/**',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx,js}'],
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 80 }],
      'max-params': ['error', 4],
      eqeqeq: ['error', 'always'],
      'no-duplicate-imports': 'error',
      'no-restricted-syntax': ['error', noTopLevelLet, noStarExport, noDefaultExport, noEnvironment],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  // A promise that nobody waits for ends its process when it rejects. `void` says that this one never does.
  {
    files: ['{proto,packages,apps,e2e,bench}/**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: ['**/config.ts', '*.config.{ts,js}', 'e2e/**', 'bench/**', '**/*.test.{ts,tsx}'],
    rules: { 'no-restricted-syntax': ['error', noTopLevelLet, noStarExport] },
  },
  // A describe block is a list of cases, not a function to read.
  { files: ['**/*.test.{ts,tsx}', '**/contract/**'], rules: { 'max-lines-per-function': 'off' } },
  // Tables of data, exempt from the size budgets (house style B3).
  { files: ['packages/catalog/src/**', '**/*.data.ts'], rules: { 'max-lines': 'off' } },
  { files: ['*.config.{ts,js}'], rules: { 'no-restricted-syntax': 'off' } },
)
