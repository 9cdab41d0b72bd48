// The console grants no further stream. Usage: crowded.mjs CONSOLE_URL NODE
//
// Tells the banner's words; then the test sends the first trace of the service NODE, and once that has appeared it
// makes room.

import { main, open, tell } from './browser.mjs';

await main(async (url, node) => {
  const { page, problems, close } = await open();
  page.setDefaultTimeout(25_000);
  await page.goto(`${url}/map`);
  await page.locator('#banner:not([hidden])').waitFor();
  tell({ step: 'crowded', banner: await page.locator('#banner').innerText() });
  await page.locator(`[data-node="${node}"]`).first().waitFor();
  tell({ step: 'appeared' });
  await page.locator('#banner').waitFor({ state: 'hidden' });
  // A refused stream is a line in the console of every browser.
  const refusal = (problem) => problem.includes('503') && problem.includes('/events');
  tell({ step: 'end', problems: problems.filter((problem) => !refusal(problem)) });
  await close();
});
