// What a person does with the viewer of the page. Called by page.js.

/** The grey levels that a pane shows, of the size of the image around its middle, in base64. */
function middle({ columns, rows }) {
  const canvas = document.querySelector('.pane canvas');
  const left = Math.floor((canvas.width - columns) / 2);
  const top = Math.floor((canvas.height - rows) / 2);
  const { data } = canvas.getContext('2d').getImageData(left, top, columns, rows);
  let text = '';
  for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i]);
  return btoa(text);
}

async function view(page, look, study, images) {
  const seen = {};
  const image = page.locator('[data-image]').first();
  const at = number => image.filter({ hasText: new RegExp(`^${number} / ${images}$`) }).waitFor();

  const begin = Date.now();
  await page.locator(`a.study[href$="${study}"]`).click();
  await at(1);
  seen.firstImageMilliseconds = Date.now() - begin;
  // Scrolling does not wait for the whole stack.
  await page.keyboard.press('ArrowDown');
  await at(2);
  await page.locator('[data-loaded]').filter({ hasText: `${images} / ${images}` }).waitFor();

  await page.keyboard.press('Home');
  await at(1);
  for (let step = 1; step <= 7; step++) await page.keyboard.press('PageDown');
  await at(71);
  await page.selectOption('#preset', 'bone');
  await page.keyboard.press('1');
  await page.locator('.corner.bottom').filter({ hasText: '480 / 2500 · 100 %' }).waitFor();
  // What is told is drawn at the next frame of the screen.
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
  seen.instance = await image.getAttribute('data-instance');
  seen.pixels = await page.evaluate(middle, { columns: 512, rows: 512 });

  await page.locator('#tool-length').click();
  const box = await page.locator('.canvas').first().boundingBox();
  await page.mouse.move(box.x + 300, box.y + 300);
  await page.mouse.down();
  await page.mouse.move(box.x + 400, box.y + 300, { steps: 4 });
  await page.mouse.up();
  // Drawn at a later frame than the one in which the button was let go.
  const measure = page.locator('svg text').filter({ hasText: /^45\.\d mm$/ });
  await measure.waitFor();
  seen.length = await measure.textContent();
  await look('viewer');

  await page.locator('#compare').click();
  await page.locator('[data-image]').nth(1).filter({ hasText: '1 / ' }).waitFor();
  seen.compared = [await image.getAttribute('data-instance'), await page.locator('[data-image]').nth(1).getAttribute('data-instance')];
  await page.locator('#compare').click();
  await page.keyboard.press('Home');
  await at(1);
  await page.locator('#play').click();
  await image.filter({ hasText: /^([3-9]|\d\d) \// }).waitFor();
  await page.locator('#play').click();
  await page.keyboard.press('Escape');
  await page.locator('a.study').first().waitFor();
  seen.coarse = await coarse(page, study);
  return seen;
}

/** The two scouts of the study; frames of them are told to be coarse until they are waited for, as those of a study that is on its way. */
const scouts = '1.3.46.670589.33.1.22100348011750129999.30936184503286111321';

async function coarse(page, study) {
  const seen = { coarse: 0, whole: 0 };
  let release;
  const held = new Promise(done => { release = done; });
  const frames = url => url.pathname.includes(scouts) && url.pathname.includes('/frames/');
  await page.route(frames, async route => {
    if (route.request().headers().prefer === 'wait=0') {
      seen.coarse++;
      const answer = await route.fetch();
      await route.fulfill({ response: answer, headers: { ...answer.headers(), 'panal-layers': '1/6' } });
    } else {
      await held;
      seen.whole++;
      await route.continue();
    }
  });
  await page.locator(`a.study[href$="${study}"]`).click();
  await page.locator('.series button').filter({ hasText: /\b2 images/ }).click();
  const sign = page.locator('[data-preview]');
  await sign.waitFor();
  seen.sign = (await sign.textContent()).trim();
  await page.locator('[data-loaded]').filter({ hasText: /^2 \/ 2 · 2 / }).waitFor();
  release();
  await sign.waitFor({ state: 'detached' });
  await page.locator('[data-loaded]').filter({ hasText: /^2 \/ 2$/ }).waitFor();
  await page.unroute(frames);
  await page.keyboard.press('Escape');
  await page.locator('a.study').first().waitFor();
  return seen;
}

/** A presentation state as the node draws it, beside what the node says of its size. */
async function present(page, study) {
  await page.locator(`a.study[href$="${study}"]`).click();
  await page.locator('.series button').filter({ hasText: /\bPR\b/ }).click();
  const picture = page.locator('img.picture');
  await picture.waitFor();
  const seen = await picture.evaluate(async image => {
    await image.decode();
    return { columns: image.naturalWidth, rows: image.naturalHeight, address: new URL(image.src).pathname };
  });
  seen.shown = (await page.locator('[data-image]').first().textContent()).trim();
  await page.keyboard.press('Escape');
  await page.locator('a.study').first().waitFor();
  return seen;
}

module.exports = { present, view };
