// The list of traces. Usage: list.mjs CONSOLE_URL

import { main, open, tell } from './browser.mjs';

await main(async (url) => {
  const { page, problems, close } = await open({ timezoneId: 'UTC' });
  await page.goto(`${url}/traces`);
  // The script has drawn the rows when it has put the page's own time in place of the server's.
  await page.locator('[data-trace] time[title]').first().waitFor();
  const rows = await page.locator('[data-trace]').allInnerTexts();
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const opacity = () =>
    page.locator('#traces, #count').evaluateAll((parts) => parts.map((part) => Number(getComputedStyle(part).opacity)));
  await page.locator('#filter').fill('fault AND');
  await page.locator('#filter').press('Enter');
  await page.locator('#filter-error').waitFor();
  const refused = await opacity();
  await page.locator('#filter').fill('!fault');
  await page.locator('#filter').press('Enter');
  await page.locator('#filter-error').waitFor({ state: 'hidden' });
  tell({ rows, beyond, refused, understood: await opacity(), problems });
  await close();
});
