// What a person does with the page for uploads. Called by page.js.

const done = page => page.locator('#progress-title').filter({ hasText: /^Done$/ }).waitFor();

async function figures(page) {
  const seen = {};
  for (const name of ['found', 'stored', 'before', 'refused']) seen[name] = Number(await page.locator(`#${name}`).textContent());
  seen.reasons = (await page.locator('tr.refused').allTextContents()).map(text => text.trim()).sort();
  return seen;
}

async function upload(page, look, { zip, bomb, folder }) {
  const seen = {};
  await page.locator('a[href="#/upload"]').first().click();
  await page.locator('#files').waitFor({ state: 'attached' });
  await look('upload');
  await page.locator('#files').setInputFiles(zip);
  await done(page);
  seen.zip = await figures(page);
  await look('uploaded');
  await page.locator('#files').setInputFiles(bomb);
  await page.locator('tr.refused').filter({ hasText: 'bomb.zip' }).waitFor();
  await done(page);
  seen.bomb = await figures(page);

  // The node is full after the first request; later it has room again, and the same files are chosen once more.
  let requests = 0;
  await page.route('**/dicom-web/studies', async route => {
    if (route.request().method() !== 'POST' || requests++ === 0) await route.continue();
    else await route.fulfill({ status: 507, contentType: 'application/problem+json', body: '{"code":"full","detail":"The storage is full."}' });
  });
  await page.locator('#folder').setInputFiles(folder);
  await done(page);
  seen.interrupted = await figures(page);
  await page.unroute('**/dicom-web/studies');
  await page.reload();
  await page.locator('.notice').waitFor();
  await page.locator('#folder').setInputFiles(folder);
  await done(page);
  seen.resumed = await figures(page);
  return seen;
}

module.exports = { upload };
