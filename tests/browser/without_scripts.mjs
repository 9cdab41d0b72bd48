// The pages for a browser that runs no scripts. Usage: without_scripts.mjs CONSOLE_URL PATH...

import { main, open, tell } from './browser.mjs';

await main(async (url, ...paths) => {
  const { page, problems, close } = await open({ javaScriptEnabled: false });
  const pages = {};
  for (const path of paths) {
    await page.goto(url + path);
    const tables = page.locator('table:visible');
    pages[path] = (await tables.allInnerTexts()).join('\n');
  }
  tell({ step: 'end', pages, problems });
  await close();
});
