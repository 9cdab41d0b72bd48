// Opens everything there is to open. Usage: hostile.mjs CONSOLE_URL
//
// The console holds traces whose every string is an attack; none may do anything but be shown.

import { main, open, tell } from './browser.mjs';

await main(async (url) => {
  const { page, problems, close } = await open();
  const seen = { nodes: 0, spans: 0, tabs: 0, traces: 0 };

  await page.goto(`${url}/map`);
  await page.locator('[data-node]').first().waitFor();
  for (const node of await page.locator('[data-node]').all()) {
    // Nodes may lie below one another: what is tested is what the click shows.
    await node.dispatchEvent('click');
    await page.locator('a[data-view-traces]').waitFor();
    seen.nodes += 1;
  }

  await page.goto(`${url}/traces`);
  await page.locator('[data-trace]').first().waitFor();
  const traces = await page
    .locator('[data-trace]')
    .evaluateAll((rows) => rows.map((row) => row.dataset.trace));
  for (const trace of traces) {
    await page.goto(`${url}/traces/${encodeURIComponent(trace)}`);
    await page.locator('[data-span]').first().waitFor();
    seen.traces += 1;
    tell({ step: 'trace', trace });
    for (const span of await page.locator('[data-span]').all()) {
      await span.click();
      seen.spans += 1;
      for (const tab of await page.locator('[data-tab]:not([disabled]):not([aria-disabled="true"])').all()) {
        await tab.click();
        seen.tabs += 1;
      }
    }
  }

  await page.goto(`${url}/status`);
  await page.locator('[data-reason]').first().waitFor();
  const reasons = await page
    .locator('[data-reason]')
    .evaluateAll((rows) => rows.map((row) => ({ reason: row.dataset.reason, text: row.innerText })));

  // What is refused is shown, too.
  const attack = encodeURIComponent('"><img src=x onerror="globalThis.attacked = true">');
  for (const path of [`/traces?filter=${attack}`, `/traces/${attack}`, `/${attack}`, `/map?range=${attack}`]) {
    await page.goto(url + path);
    await page.locator('#theme').waitFor();
  }
  // A refused address is a line in the console of every browser.
  const refusal = (problem) => problem.includes('Failed to load resource') && problem.includes(attack);
  tell({ step: 'end', seen, reasons, problems: problems.filter((problem) => !refusal(problem)) });
  await close();
});
