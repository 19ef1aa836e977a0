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
  return seen;
}

module.exports = { view };
