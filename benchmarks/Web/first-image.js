// Measures how long a person waits for the first image: from the click on a study to the image on the screen, in Debian's Chromium.
//     NODE_PATH=artifacts/witnesses/page/node_modules node benchmarks/Web/first-image.js SET-UP-LINK STUDY ROUNDS
// Each round is a new browser, in which the list of studies was looked at for a second. It prints milliseconds, as JSON.
const { chromium } = require('playwright-core');

const password = 'correct horse battery';

async function round(origin, setUpLink, study) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  await page.goto(setUpLink ?? origin);
  await page.fill('input[name=name]', 'ana');
  if (setUpLink) await page.fill('input[name=displayName]', 'Ana');
  await page.fill('input[name=password]', password);
  await page.keyboard.press('Enter');
  const link = page.locator(`a.study[href$="${study}"]`);
  await link.waitFor();
  await page.waitForTimeout(1000);

  // The clock is the page's own: from the click as it arrives to the frame in which the image was drawn.
  await page.evaluate(() => {
    window.firstImage = new Promise(done => {
      addEventListener('click', event => {
        const begin = performance.now();
        const look = () => (/^1 \//.test(document.querySelector('[data-image]')?.textContent ?? '') ? requestAnimationFrame(() => done(performance.now() - begin)) : requestAnimationFrame(look));
        look();
      }, { capture: true, once: true });
    });
  });
  await link.click();
  const milliseconds = await page.evaluate(() => window.firstImage);
  await browser.close();
  return milliseconds;
}

(async () => {
  const [setUpLink, study, rounds] = process.argv.slice(2);
  const origin = new URL(setUpLink).origin;
  const found = [];
  for (let number = 0; number < Number(rounds); number++) found.push(Math.round(await round(origin, number === 0 ? setUpLink : null, study)));
  console.log(JSON.stringify(found));
})().catch(error => { console.error(error); process.exit(1); });
