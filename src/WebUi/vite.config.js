import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const package_ = name => fileURLToPath(new URL(`./node_modules/${name}`, import.meta.url));

// What Cornerstone3D does that our Content-Security-Policy forbids, done in another way: the style of its texts as a property instead of an attribute, and pointers
// of the browser instead of images from memory.
const rewritten = {
  'drawingSvg/drawTextBox.js': [["textElement.setAttribute('style', combinedStyle)", 'textElement.style.cssText = combinedStyle']],
  'cursors/SVGMouseCursor.js': [
    ['const descriptor = getDefinedSVGCursorDescriptor(name)', 'const descriptor = null'],
    ['return cursor;', "return cursor ?? super.getDefinedCursor('crosshair');"],
  ],
};
const underPolicy = {
  name: 'under-policy',
  transform(code, id) {
    const changes = Object.entries(rewritten).find(([file]) => id.includes('@cornerstonejs/tools') && id.endsWith(file))?.[1];
    if (!changes) return null;
    for (const [before, after] of changes) {
      if (code.split(before).length !== 2) throw new Error(`${id} is not what we know: ${before}`);
      code = code.replace(before, after);
    }
    return { code, map: null };
  },
};

// The node serves the page with a Content-Security-Policy that allows nothing inline and no other host: so nothing is inlined here.
export default defineConfig({
  plugins: [svelte(), underPolicy],
  // vtk.js, under Cornerstone3D, asks for two modules of Node.js.
  resolve: { alias: { events: package_('events/events.js'), url: package_('url/url.js') } },
  optimizeDeps: { exclude: ['@cornerstonejs/dicom-image-loader'] },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The viewer is one large part that is loaded when an image is looked at; a test keeps what is loaded at once small.
    chunkSizeWarningLimit: 5000,
    emptyOutDir: true,
    outDir: process.env.PANAL_WEBUI_OUT ?? '../../artifacts/webui',
  },
});
