// What those who run a node see of it on the page. Called by page.js.

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
  await look('jobs');

  await page.locator('a[href="#/operation/audit"]').click();
  await page.locator('tr.entry').first().waitFor();
  await page.fill('input[name=text]', task.study);
  const answer = page.waitForResponse(response => response.url().includes('/api/audit?'));
  await page.locator('#find').click();
  await answer;
  await page.locator('tr.entry').first().waitFor();
  seen.audited = await page.locator('tr.entry').count();
  seen.auditNames = (await page.locator('tr.entry').last().textContent()).includes(task.study);
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

module.exports = { operation, remove, take };
