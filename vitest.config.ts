// Answers: which tests run, and with which build steps? It must not know where adapters come from.
import { defineConfig } from 'vitest/config'
import { shaderPlugin } from './tools/shader-plugin.mjs'

export default defineConfig({
  plugins: [shaderPlugin()],
  test: {
    include: ['tests/**/*.test.ts'],
    // No test is about time: these only end what hangs, on however busy a machine.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
  },
})
