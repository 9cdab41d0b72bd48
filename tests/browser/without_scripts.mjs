// The pages for a browser that runs no scripts. Usage: without_scripts.mjs CONSOLE_URL PATH...

import { main, open, tell } from './browser.mjs';

await main(async (url, ...paths) => {
  const { page, problems, close } = await open({ javaScriptEnabled: false });
  const pages = {};
  for (const path of paths) {
    await page.goto(url + path);
    const tables = page.locator('table:visible');
    const traces = page.locator('table:visible [data-trace]');
    pages[path] = {
      text: (await tables.allInnerTexts()).join('\n'),
      traces: await traces.evaluateAll((rows) => rows.map((row) => row.dataset.trace)),
    };
  }
  tell({ step: 'end', pages, problems });
  await close();
});
