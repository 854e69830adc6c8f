// Answers: how are the pages served and built? It must not know anything of the engine.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { contentSecurityPolicy, precache } from './tools/page-plugins.mjs'
import { shaderPlugin } from './tools/shader-plugin.mjs'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const serviceWorker = 'service-worker'

export default defineConfig({
  root: path('src/app'),
  publicDir: path('public'),
  base: './',
  plugins: [
    shaderPlugin(),
    contentSecurityPolicy(),
    precache({ worker: `${serviceWorker}.js`, publicFolder: path('public') }),
  ],
  worker: { format: 'es', plugins: () => [shaderPlugin({ strip: true })] },
  build: {
    outDir: path('dist/app'),
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        index: path('src/app/index.html'),
        bench: path('src/app/bench/index.html'),
        lab: path('src/app/lab/index.html'),
        [serviceWorker]: path('src/app/offline/service-worker.ts'),
      },
      output: {
        // A service worker stands at the root of what it serves, and its name never changes.
        entryFileNames: ({ name }) => (name === serviceWorker ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
})
