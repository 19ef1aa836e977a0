// Brings OHIF's ready bundle and makes it one that is served under /ohif/.  node assemble.mjs TARGET-FOLDER
// It is built for the root of a host: each place where it says so is changed, and it is an error when one is not where we know it.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const version = '3.13.2';
const base = '/ohif/';
/** Parts that a PACS does not need: inference in the browser, whole-slide microscopy; together three quarters of the bundle. */
const leftOut = ['ort', 'dicom-microscopy-viewer', 'google.js', 'init-service-worker.js', 'sw.js'];

const [, , target] = process.argv;
const here = dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ohif-'));
try {
  execFileSync('npm', ['pack', `@ohif/app@${version}`, '--silent'], { cwd: folder });
  execFileSync('tar', ['xzf', `ohif-app-${version}.tgz`, '--exclude=*.map', ...leftOut.map(name => `--exclude=package/dist/${name}`), 'package/dist'], { cwd: folder });
  const dist = join(folder, 'package', 'dist');

  /** Changes a file; fails when nothing was there to change. */
  function change(name, ...changes) {
    let text = readFileSync(join(dist, name), 'utf8');
    for (const [before, after] of changes) {
      const changed = text.replaceAll(before, after);
      if (changed === text) throw new Error(`${name}: ${before} is not there`);
      text = changed;
    }
    writeFileSync(join(dist, name), text);
  }

  const scripts = readdirSync(dist).filter(name => name.endsWith('.js') && readFileSync(join(dist, name), 'utf8').includes('__webpack_require__.p = "/"'));
  if (scripts.length === 0) throw new Error('No script says where the bundle lies.');
  for (const name of scripts) change(name, ['__webpack_require__.p = "/"', `__webpack_require__.p = "${base}"`]);
  for (const name of readdirSync(dist).filter(name => name.endsWith('.css') && /url\(\/(?!ohif)/.test(readFileSync(join(dist, name), 'utf8')))) change(name, [/url\(\//g, `url(${base}`]);

  // Nothing inline: what the page runs before its scripts becomes a script of its own.
  const page = readFileSync(join(dist, 'index.html'), 'utf8');
  const inline = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(match => match[1].replace('window.PUBLIC_URL="/"', `window.PUBLIC_URL="${base}"`));
  if (!inline.join('').includes(`window.PUBLIC_URL="${base}"`)) throw new Error('index.html does not say where the bundle lies.');
  writeFileSync(join(dist, 'start.js'), inline.join(';\n'));
  let isFirst = true;
  writeFileSync(join(dist, 'index.html'), page
    .replace(/<script>.*?<\/script>/gs, () => (isFirst ? ((isFirst = false), `<script src="${base}start.js"></script>`) : ''))
    .replace(/(href|src|content)="\/(?!ohif)/g, `$1="${base}`)
    .replace(/<script[^>]+init-service-worker[^>]+><\/script>/g, '')
    // Fonts of another host: the policy would refuse them.
    .replace(/<link[^>]+https:\/\/fonts[^>]+>/g, ''));
  cpSync(join(here, 'app-config.js'), join(dist, 'app-config.js'));

  rmSync(target, { recursive: true, force: true });
  try {
    renameSync(dist, target);
  } catch {
    cpSync(dist, target, { recursive: true });
  }
  if (!existsSync(join(target, 'index.html'))) throw new Error('There is no index.html.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
