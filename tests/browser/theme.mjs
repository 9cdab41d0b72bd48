// The toggle of the theme. Usage: theme.mjs CONSOLE_URL

import { main, open, tell } from './browser.mjs';

await main(async (url) => {
  const { page, problems, close } = await open({ colorScheme: 'light' });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

  await page.goto(`${url}/map`);
  const light = await background();
  await page.locator('#theme').click();
  await page.waitForFunction((old) => getComputedStyle(document.body).backgroundColor !== old, light);
  const dark = await background();
  await page.goto(`${url}/status`);
  const next = await background();

  await page.emulateMedia({ colorScheme: 'dark' });
  await page.evaluate(() => localStorage.clear());
  await page.goto(`${url}/status`);
  const system = await background();
  tell({ step: 'end', light, dark, next, system, problems });
  await close();
});
