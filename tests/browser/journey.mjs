// From the map to one exception, as a visitor goes. Usage: journey.mjs CONSOLE_URL NODE SQL_SPAN FAILED_SPAN
//
// NODE is a service the map does not show yet. Tells {"step":"watching"} when the map is open: only
// then does the test send that service's first trace.

import { detail, main, open, tell } from './browser.mjs';

await main(async (url, node, sqlSpan, failedSpan) => {
  const { page, problems, close } = await open();

  await page.goto(`${url}/map`);
  await page.locator('[data-node]').first().waitFor();
  const before = await nodes(page);
  // A reload would lose this mark.
  await page.evaluate(() => (globalThis.sameDocument = true));
  tell({ step: 'watching', nodes: before });

  const appeared = page.locator(`[data-node="${node}"]:not([data-type="client"])`);
  await appeared.waitFor();
  const sameDocument = await page.evaluate(() => globalThis.sameDocument === true);
  tell({ step: 'appeared', sameDocument, nodes: await nodes(page) });

  await appeared.click();
  await page.locator('a[data-view-traces]').click();
  await page.waitForURL('**/traces?**');
  const rows = page.locator('[data-trace]');
  await rows.first().waitFor();
  const traces = await rows.evaluateAll((found) => found.map((row) => row.dataset.trace));
  tell({ step: 'traces', filter: new URL(page.url()).searchParams.get('filter'), traces });

  await rows.first().locator('a').first().click();
  await page.waitForURL('**/traces/1-*');
  await page.locator(`[data-span][data-name="${sqlSpan}"]`).click();
  const sql = await detail(page, 'sql');
  await page.locator(`[data-span][data-name="${failedSpan}"]`).click();
  const exceptions = await detail(page, 'exceptions');
  tell({ step: 'trace', path: new URL(page.url()).pathname, sql, exceptions });

  tell({ step: 'end', problems });
  await close();
});

function nodes(page) {
  return page
    .locator('[data-node]')
    .evaluateAll((found) => found.map(({ dataset }) => ({ name: dataset.node, type: dataset.type })));
}
