// What an administrator does with the page of the network, and how a study comes from another node. Called by page.js.
const { spawn } = require('node:child_process');

/** Starts `panal join` and returns the string that it shows, and the promise of its end. */
function join([program, ...args]) {
  const command = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  return new Promise((shown, failed) => {
    const ended = new Promise(done => command.on('exit', code => { failed(new Error(`join ended: ${output}`)); done(code); }));
    const read = data => {
      output += data;
      const found = /Authentication string: (\S+)/.exec(output);
      if (found) shown({ string: found[1], ended });
    };
    command.stdout.on('data', read);
    command.stderr.on('data', read);
  });
}

async function network(page, look, task) {
  const seen = {};
  await page.locator('a[href="#/network"]').click();
  await page.locator('tr.member').first().waitFor();
  seen.membersBefore = await page.locator('tr.member').count();
  const joining = await join(task.join);
  // The page is told of it by the node, without a reload.
  await page.locator('article.request').waitFor();
  seen.isSameString = (await page.locator('.string').textContent()).includes(joining.string);
  await look('request');
  await page.locator('button.approve').click();
  seen.joinExit = await joining.ended;
  await page.locator('tr.member .state.up').waitFor();
  seen.members = (await page.locator('tr.member td:first-child').allTextContents()).map(text => text.trim());
  await look('network');
  seen.group = await group(page, look);

  await page.locator('a[href="#/studies"]').click();
  const row = page.locator('tbody tr').filter({ hasText: task.remotePatient });
  // The feed of the other node has to come first: asked again as a person would.
  for (let tries = 0; tries < 200 && !(await row.count()); tries++) {
    const answer = page.waitForResponse(response => response.url().includes('/dicom-web/studies?'));
    await page.fill('input[name=search]', tries % 2 ? task.remotePatient : task.remotePatient.slice(0, 4));
    await answer;
    await page.waitForTimeout(250);
  }
  seen.whereBefore = (await row.locator('.where .state').textContent()).trim();
  await row.locator('button.fetch').click();
  await row.locator('.where .state.up').waitFor();
  seen.whereAfter = (await row.locator('.where .state').textContent()).trim();
  await page.fill('input[name=search]', '');

  await page.locator('a[href="#/network"]').click();
  await page.locator('button.revoke').click();
  await page.locator('dialog input[name=reason]').fill('The clinic has closed');
  await look('revoke');
  await page.locator('#ask-yes').click();
  await page.locator('tr.member .state.revoked').waitFor();
  seen.isRevoked = true;
  return seen;
}

/** A group that may only search, and not everything, with the new member in it. */
async function group(page, look) {
  await page.locator('#new-group').click();
  await page.fill('input[name=group]', 'teaching');
  await page.fill('input[name=modalities]', 'ct, MR');
  await page.fill('input[name=days]', '365');
  await page.fill('input[name=without]', 'PatientBirthDate');
  await page.locator('#group-form').getByLabel('CLINIC-7').check();
  await look('group');
  await page.locator('#save-group').click();
  const row = page.locator('tr.group').filter({ hasText: 'teaching' });
  await row.filter({ hasText: 'CLINIC-7' }).waitFor();
  const cells = (await row.locator('td').allTextContents()).slice(0, 3).map(text => text.trim());
  // Nobody may be in a group that is deleted.
  await row.locator('button.edit').click();
  await page.locator('#group-form').getByLabel('CLINIC-7').uncheck();
  await page.locator('#save-group').click();
  await row.locator('button.remove').click();
  await page.locator('#ask-yes').click();
  await row.waitFor({ state: 'detached' });
  return cells;
}

module.exports = { network };
