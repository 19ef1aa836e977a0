import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// The node serves the page with a Content-Security-Policy that allows nothing inline and no other host: so nothing is inlined here.
export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    emptyOutDir: true,
    outDir: process.env.PANAL_WEBUI_OUT ?? '../../artifacts/webui',
  },
});
