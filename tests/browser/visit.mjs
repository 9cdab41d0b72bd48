// Opens pages and reports what they did that they must not do. Usage: visit.mjs URL...

import { main, open, tell } from './browser.mjs';

await main(async (...urls) => {
  const { page, problems, close } = await open();
  for (const url of urls) {
    await page.goto(url);
  }
  tell({ step: 'end', problems });
  await close();
});
