// Answers: which tests run, and with which build steps? It must not know where adapters come from.
import { defineConfig } from 'vitest/config'
import { shaderPlugin } from './tools/shader-plugin.mjs'

export default defineConfig({
  plugins: [shaderPlugin()],
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
