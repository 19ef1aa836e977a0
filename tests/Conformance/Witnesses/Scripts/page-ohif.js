// A study in OHIF, the ready viewer below /ohif/. Called by page.js.

/** Opens the window that the rendered picture is asked with, and reads grey levels of the canvas beside those of that picture. */
async function compare({ center, width, step }) {
  const { viewport } = window.cornerstone.getEnabledElements().find(one => one.viewport.getImageData?.());
  const drawn = new Promise(done => viewport.element.addEventListener('CORNERSTONE_IMAGE_RENDERED', done, { once: true }));
  viewport.setProperties({ voiRange: { lower: center - width / 2, upper: center + width / 2 } });
  viewport.render();
  await drawn;

  const imageId = viewport.getCurrentImageId();
  const address = imageId.replace(/^wadors:/, '').replace(/\/frames\/\d+$/, '');
  const picture = await createImageBitmap(await (await fetch(`${address}/rendered?window=${center},${width},linear`, { headers: { Accept: 'image/png' } })).blob());
  const sheet = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
  sheet.drawImage(picture, 0, 0);
  const wanted = sheet.getImageData(0, 0, picture.width, picture.height).data;

  const canvas = viewport.getCanvas();
  const shown = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const scale = canvas.width / canvas.clientWidth;
  const { imageData } = viewport.getImageData();
  const pairs = [];
  for (let row = step; row < picture.height; row += step) {
    for (let column = step; column < picture.width; column += step) {
      const [x, y] = viewport.worldToCanvas(imageData.indexToWorld([column, row, 0])).map(place => Math.round(place * scale));
      if (x >= 0 && y >= 0 && x < canvas.width && y < canvas.height) pairs.push([shown[4 * (y * canvas.width + x)], wanted[4 * (row * picture.width + column)]]);
    }
  }
  return { imageId, pairs };
}

async function ohif(context, origin, study) {
  const seen = { foreign: [], errors: [] };
  const page = await context.newPage();
  page.setDefaultTimeout(180000);
  page.on('request', request => { if (/^https?:/.test(request.url()) && new URL(request.url()).origin !== origin) seen.foreign.push(request.url()); });
  page.on('pageerror', error => seen.errors.push(String(error)));
  const begin = Date.now();
  await page.goto(`${origin}/ohif/viewer?StudyInstanceUIDs=${study}`);
  await page.waitForFunction(() => window.cornerstone?.getEnabledElements().some(one => one.viewport.getImageData?.() && one.viewport.getCurrentImageId?.()));
  seen.milliseconds = Date.now() - begin;
  const { imageId, pairs } = await page.evaluate(compare, { center: 480, width: 2500, step: 5 });
  await page.close();

  seen.isOfStudy = imageId.includes(`/studies/${study}/`);
  seen.count = pairs.length;
  seen.median = pairs.map(([shown, wanted]) => Math.abs(shown - wanted)).sort((a, b) => a - b)[pairs.length >> 1];
  const mean = of => pairs.reduce((sum, pair) => sum + pair[of], 0) / pairs.length;
  const [left, right] = [mean(0), mean(1)];
  const sum = of => pairs.reduce((total, [shown, wanted]) => total + of(shown - left, wanted - right), 0);
  seen.correlation = sum((a, b) => a * b) / Math.sqrt(sum(a => a * a) * sum((a, b) => b * b));
  return seen;
}

module.exports = { ohif };
