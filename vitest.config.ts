import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const project = (name: string, directory: string, testTimeout = 20_000) => ({
  test: {
    name,
    root: directory,
    include: ['**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // Tests load ONNX Runtime themselves: it is to keep to itself there too (apps/gpu-worker/src/devices/onnx-telemetry.ts).
    env: { ORT_DISABLE_TELEMETRY: '1' },
    testTimeout,
    hookTimeout: 60_000,
  },
})

export default defineConfig({
  test: {
    // onnxruntime and libsql are native: one process per test file keeps a crash from hiding the others.
    pool: 'forks',
    // Vitest leaves one core to itself; where there are two, tests of whole processes would wait alone.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('proto', 'proto'),
      project('catalog', 'packages/catalog'),
      project('ledger', 'packages/ledger'),
      project('telemetry', 'packages/telemetry'),
      project('console', 'apps/console'),
      project('gateway', 'apps/gateway'),
      project('gpu-worker', 'apps/gpu-worker', 60_000),
      project('standalone', 'apps/standalone'),
      project('bench', 'bench'),
      project('e2e', 'e2e', 120_000),
    ],
  },
})
