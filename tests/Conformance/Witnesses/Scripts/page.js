// Uses the page as a person does, in Debian's Chromium, and prints what it saw as JSON.  node page.js TASK, a JSON text
const { chromium } = require('playwright-core');
const axe = require('axe-core');
const { network } = require('./page-network.js');
const { ohif } = require('./page-ohif.js');
const { brokers, correct, operation, remove, take } = require('./page-operation.js');
const { upload } = require('./page-upload.js');
const { present, view } = require('./page-viewer.js');

/** Which pages are pictures in docs/pictures, and how they are called there: made by PANAL_PICTURES=$PWD/docs/pictures ./test PageTests. */
const pictures = { list: 'studies', viewer: 'viewer', uploaded: 'upload', network: 'network', state: 'operation' };

async function main(task) {
  const { setUpLink, password, study, images } = task;
  const seen = { axe: [], foreign: [], errors: [], headings: {} };
  const origin = new URL(setUpLink).origin;
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  const context = await browser.newContext({ locale: 'es-ES', colorScheme: 'dark', viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(60000);
  page.on('request', request => { if (new URL(request.url()).origin !== origin) seen.foreign.push(request.url()); });
  page.on('pageerror', error => seen.errors.push(String(error)));
  page.on('console', message => { if (/Content Security Policy/.test(message.text())) seen.errors.push(message.text()); });

  async function look(state) {
    seen.headings[state] = (await page.locator('h2').first().textContent()).trim();
    if (!await page.evaluate(() => Boolean(window.axe))) await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
    // Pictures for the README are of the same pages, where somebody asks for them.
    if (process.env.PANAL_PICTURES && pictures[state]) await page.screenshot({ path: `${process.env.PANAL_PICTURES}/${pictures[state]}.png` });
    seen.axe.push(...violations.map(violation => `${state}: ${violation.id}: ${violation.nodes.map(node => node.target.join(' ')).join(', ')}`));
  }

  let scriptBytes = 0;
  page.on('response', response => { if (/\.(js|css)$/.test(response.url()) && !/Worker-/.test(response.url())) scriptBytes += Number(response.headers()['content-length']); });
  await page.goto(setUpLink);
  await page.locator('input[name=password]').waitFor();
  seen.addressKeepsSecret = page.url().includes('setup=');
  await look('setUp');
  seen.initialBytes = scriptBytes;
  await page.fill('input[name=name]', 'ana');
  await page.fill('input[name=displayName]', 'Ana Pérez');
  await page.fill('input[name=password]', password);
  await page.keyboard.press('Enter');
  await page.locator('input[name=search]').waitFor();
  await page.locator('tbody tr').first().waitFor();
  await look('studies');
  seen.rows = await page.locator('tbody tr').count();
  seen.first = (await page.locator('tbody tr').first().locator('td').allTextContents()).map(text => text.trim());
  await page.fill('input[name=search]', 'nobody of this name');
  await page.locator('p.empty').waitFor();
  await look('none');

  await page.locator('#language').click();
  await page.locator('#theme').click();
  await look('english');
  await page.fill('input[name=search]', '');
  await page.locator('tbody tr').first().waitFor();
  seen.viewer = await view(page, look, study, images);
  seen.take = await take(page, look, task);
  seen.upload = await upload(page, look, task);
  seen.network = await network(page, look, task);
  seen.operation = await operation(page, look, task);
  await page.locator('a[href="#/studies"]').click();
  await page.locator('tbody tr').first().waitFor();
  await look('list');
  seen.presented = await present(page, study);
  seen.corrected = await correct(page, look, task);
  seen.removed = await remove(page, look, task);
  await page.setViewportSize({ width: 375, height: 700 });
  await page.fill('input[name=search]', '');
  await page.locator('tbody tr').first().waitFor();
  seen.rowsBefore = await page.locator('tbody tr').count();
  seen.phoneIsWide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  await look('phone');

  await page.locator('#logout').click();
  await page.locator('input[name=password]').waitFor();
  seen.afterLogOut = await page.evaluate(async () => (await fetch('/dicom-web/studies')).status);
  await page.fill('input[name=name]', 'ana');
  await page.fill('input[name=password]', 'not the password');
  await page.keyboard.press('Enter');
  await page.locator('[role=alert]').waitFor();
  await look('logIn');
  await page.fill('input[name=password]', password);
  await page.keyboard.press('Enter');
  await page.locator('tbody tr').first().waitFor();
  seen.again = await page.locator('tbody tr').count();
  seen.broker = await brokers(page, look, task);
  if (task.hasOhif) seen.ohif = await ohif(context, origin, study);
  await browser.close();
  console.log(JSON.stringify(seen));
}

main(JSON.parse(process.argv[2])).catch(error => { console.error(error); process.exit(1); });
