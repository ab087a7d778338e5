import { quasar, transformAssetUrls } from '@quasar/vite-plugin'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// chrome90: the oldest web view that tablets of the counties have (docs/decisions/0003-ui-library.md).
export default defineConfig({
  plugins: [vue({ template: { transformAssetUrls } }), quasar({ sassVariables: false })],
  build: { target: 'chrome90', cssTarget: 'chrome90', chunkSizeWarningLimit: 700 },
  base: './',
  server: { port: 5173, strictPort: true },
})
