// Answers: how are the pages served and built? It must not know anything of the engine.
import { defineConfig } from 'vite'
import { shaderPlugin } from './tools/shader-plugin.mjs'

export default defineConfig({
  root: 'src/app',
  publicDir: '../../public',
  base: './',
  plugins: [shaderPlugin()],
  worker: { format: 'es', plugins: () => [shaderPlugin({ strip: true })] },
  build: { outDir: '../../dist/app', emptyOutDir: true, target: 'es2023' },
})
