// What those who run a node see of it on the page. Called by page.js.
const { execFileSync } = require('node:child_process');

async function operation(page, look, task) {
  const seen = {};
  await page.locator('a[href="#/operation"]').click();
  await page.locator('figure').first().waitFor();
  seen.plots = await page.locator('figure').count();
  seen.studies = Number(await page.locator('#study-count').textContent());
  await look('state');

  await page.locator('a[href="#/operation/entities"]').click();
  const entity = name => page.locator('tr.entity').filter({ hasText: name });
  await entity('PANAL').locator('button.echo').click();
  await entity('PANAL').locator('.state.up').waitFor();
  await entity('AWAY').locator('button.echo').click();
  await entity('AWAY').locator('.state.down').waitFor();
  seen.echoes = true;
  await look('entities');

  await page.locator('a[href="#/operation/jobs"]').click();
  await page.locator('h3').first().waitFor();
  seen.conflicts = await conflicts(page, look, task);

  await page.locator('a[href="#/operation/audit"]').click();
  await page.locator('tr.entry').first().waitFor();
  await page.fill('input[name=text]', task.study);
  await page.locator('#find').click();
  // The rows of the whole trail stay until those that were asked for are there; its oldest row names no study.
  const entries = page.locator('tr.entry');
  await entries.last().filter({ hasText: task.study }).waitFor();
  const found = await entries.allTextContents();
  seen.audited = found.length;
  seen.auditNames = found.every(entry => entry.includes(task.study));
  await look('audit');

  await page.locator('a[href="#/operation/configuration"]').click();
  await page.locator('tr.setting').first().waitFor();
  seen.settings = await page.locator('tr.setting').count();
  await look('configuration');

  await page.locator('a[href="#/operation/logs"]').click();
  await page.locator('tr.log').first().waitFor();
  seen.logs = await page.locator('tr.log').count();
  await look('logs');
  return seen;
}

/** Decides two conflicts for the side that came later: a content on the page, and what is said of the study on the command line. */
async function conflicts(page, look, task) {
  execFileSync(task.secondSource[0], task.secondSource.slice(1));
  await page.locator('h3 button').click();
  const open = page.locator('tr.conflict').filter({ has: page.locator('button.keep-other') });
  await open.nth(1).waitFor();
  await look('jobs');
  const seen = { kinds: (await open.locator('td:first-child').allTextContents()).map(text => text.trim()) };
  const content = open.filter({ hasText: 'Another content' });
  await content.locator('button.keep-other').click();
  await page.locator('#ask-yes').click();
  seen.isAsked = await page.locator('dialog').isVisible();
  await page.fill('dialog input[name=reason]', 'the second source is right');
  await look('keep');
  await page.locator('#ask-yes').click();
  await content.waitFor({ state: 'detached' });

  const left = await page.evaluate(async () => (await (await fetch('/api/conflicts')).json()).find(one => one.mayKeepOther).id);
  const [program, ...data] = task.keep;
  seen.told = execFileSync(program, ['network', 'conflicts', 'keep', String(left), 'other', '--reason', 'the second source is right', ...data], { encoding: 'utf8' }).trim();
  await page.locator('h3 button').click();
  await open.waitFor({ state: 'detached' });
  seen.description = await page.evaluate(async study => {
    const found = await fetch(`/dicom-web/studies?StudyInstanceUID=${study}&includefield=00081030`, { headers: { Accept: 'application/dicom+json' } });
    return (await found.json())[0]['00081030'].Value[0];
  }, task.study);
  seen.comments = await page.evaluate(async study => {
    const found = await fetch(`/dicom-web/studies/${study}/metadata`, { headers: { Accept: 'application/dicom+json' } });
    return (await found.json()).flatMap(one => one['00204000']?.Value ?? []);
  }, task.study);
  return seen;
}

/** Deletes the study of the ZIP, which no other node has. */
async function remove(page, look, task) {
  const seen = { before: await page.locator('tbody tr').count() };
  const row = page.locator('tbody tr').filter({ hasNotText: task.remotePatient }).filter({ hasNot: page.locator(`a.study[href$="${task.study}"]`) });
  const uid = (await row.locator('a.study').getAttribute('href')).split('/').at(-1);
  await row.locator('button.delete').click();
  await page.locator('dialog').waitFor();
  await look('delete');
  // Neither a reason nor the tick is left out.
  await page.locator('#ask-yes').click();
  seen.isAsked = await page.locator('dialog').isVisible();
  await page.fill('dialog input[name=reason]', 'sent by mistake');
  await page.locator('dialog input[name=meant]').check();
  await page.locator('#ask-yes').click();
  await page.locator(`a.study[href$="${uid}"]`).waitFor({ state: 'detached' });
  seen.after = await page.locator('tbody tr').count();
  seen.status = await page.evaluate(async study => (await fetch(`/api/studies/${study}/where`)).status, uid);
  return seen;
}

/** Gives the patient of a study another name, after a look at what that changes. */
async function correct(page, look, task) {
  const row = page.locator('tbody tr').filter({ has: page.locator(`a.study[href$="${task.study}"]`) });
  await row.locator('button.correct').click();
  await page.fill('dialog input[name=PatientName]', task.rightName);
  await page.fill('dialog input[name=StudyDescription]', 'Looked at again');
  await look('correct');
  await page.locator('#correct-next').click();
  await page.locator('tr.corrected').first().waitFor();
  const seen = { told: (await page.locator('tr.corrected td:last-child').allTextContents()).map(text => text.trim()) };
  await look('corrected');
  await page.locator('#correct-next').click();
  await row.filter({ hasText: task.rightName.replace('^', ' ') }).waitFor();
  seen.shown = (await row.locator('td').allTextContents()).map(text => text.trim());
  return seen;
}

/** The elements of an image, and the study as a ZIP. */
async function take(page, look, task) {
  const seen = {};
  await page.goto(`${new URL(page.url()).origin}/#/studies`);
  const row = page.locator('tbody tr').filter({ has: page.locator(`a.study[href$="${task.study}"]`) });
  await row.locator('a[href^="#/tags/"]').click();
  await page.locator('tr.element').first().waitFor();
  await page.fill('input[name=tag]', 'StudyInstanceUID');
  await page.locator('tr.element').filter({ hasText: task.study }).waitFor();
  seen.tag = (await page.locator('tr.element').first().locator('td').allTextContents()).map(text => text.trim());
  await page.fill('input[name=tag]', '');
  await look('tags');
  await page.locator('a[href="#/studies"]').first().click();
  const download = page.waitForEvent('download');
  await row.locator('a.download').click();
  await (await download).saveAs(task.zipTarget);
  return seen;
}

/** Looks at the mirror of another archive: that of the other node, which also knows what this one had. */
async function brokers(page, look, task) {
  execFileSync(task.broker[0], task.broker.slice(1));
  await page.locator('a[href="#/operation"]').click();
  await page.locator('a[href="#/operation/brokers"]').click();
  const broker = page.locator('tr').filter({ hasText: 'old-pacs' });
  await broker.locator('button').click();
  // The first sweep of everything goes on by itself: looked at again as a person would.
  const swept = broker.filter({ has: page.locator('td:nth-child(3)', { hasText: /^[1-9]/ }) });
  for (let tries = 0; tries < 200 && !(await swept.count()); tries++) {
    const answer = page.waitForResponse(response => response.url().endsWith('/api/brokers'));
    await page.locator('h3 button').click();
    await answer;
    await page.waitForTimeout(100);
  }
  await broker.locator('.state.up').waitFor();
  await look('brokers');
  return (await broker.locator('td').allTextContents()).map(text => text.trim());
}

module.exports = { brokers, correct, operation, remove, take };
