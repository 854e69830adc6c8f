// Vite configuration: development server and build of the pages and the service worker.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { PDF_TABLES } from './src/app/documents/pdf-tables.ts'
import { PAGES } from './src/app/shared/pages.ts'
import { contentSecurityPolicy, pdfTables, precache } from './tools/page-plugins.mjs'
import { shaderPlugin } from './tools/shader-plugin.mjs'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const SERVICE_WORKER = 'service-worker'
const SHARED_MODULES = /src\/(lib|app\/(shared|strings|conversations))\/|node_modules\/(preact|@preact)/
const pageInputs = Object.fromEntries(
  Object.entries(PAGES).map(([name, { folder }]) => [name, path(`src/app/${folder}index.html`)]),
)

export default defineConfig({
  root: path('src/app'),
  publicDir: path('public'),
  base: './',
  plugins: [
    shaderPlugin(),
    contentSecurityPolicy(),
    pdfTables({ from: path('node_modules/pdfjs-dist/cmaps'), to: PDF_TABLES }),
    // The PDF reader takes half a megabyte compressed, more than all the pages together.
    precache({
      worker: `${SERVICE_WORKER}.js`,
      publicFolder: path('public'),
      firstUse: /^assets\/pdf-(tables\/|.*)/,
    }),
  ],
  worker: { format: 'es', plugins: () => [shaderPlugin({ strip: true })] },
  build: {
    outDir: path('dist/app'),
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        ...pageInputs,
        [SERVICE_WORKER]: path('src/app/offline/service-worker.ts'),
      },
      output: {
        // A service worker must be at the root of what it serves, under a name that never changes.
        // Small modules that several chunks need go together: dozens of tiny files compress badly.
        codeSplitting: {
          groups: [{ name: 'shared', test: SHARED_MODULES, minShareCount: 2, maxModuleSize: 3000 }],
        },
        entryFileNames: ({ name }) => (name === SERVICE_WORKER ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
})
