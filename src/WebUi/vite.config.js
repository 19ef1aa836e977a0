import { svelte } from '@sveltejs/vite-plugin-svelte';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
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

// Beside each file its compressed form: the node sends either from the disk, and neither compresses nor keeps them.
const compressed = {
  name: 'compressed',
  writeBundle({ dir }, bundle) {
    for (const file of Object.keys(bundle).map(name => join(dir, name))) {
      const whole = readFileSync(file);
      const small = gzipSync(whole, { level: 9 });
      if (whole.length > 1024 && small.length < 0.9 * whole.length) writeFileSync(`${file}.gz`, small);
    }
  },
};

// The node serves the page with a Content-Security-Policy that allows nothing inline and no other host: so nothing is inlined here.
export default defineConfig({
  plugins: [svelte(), underPolicy, compressed],
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
