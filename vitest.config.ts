// Vitest configuration.
import { defineConfig } from 'vitest/config'
import { shaderPlugin } from './tools/shader-plugin.mjs'

export default defineConfig({
  plugins: [shaderPlugin()],
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/support/builds-folder.ts',
    // These limits only end tests that hang, even on a busy machine.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
  },
})
