// Many pages at once. Usage: tabs.mjs CONSOLE_URL NODE
//
// Tells {"step":"watching"} when all are open; only then does the test send the first trace of the service NODE.
// Headless pages never are hidden by themselves: the script says that they are.

import { main, open, tell } from './browser.mjs';

const PAGES = ['/map', '/traces', '/status'];
const TABS = 9;

const hide = (page, hidden) =>
  page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);

await main(async (url, node) => {
  const { page: first, problems, close } = await open();
  const context = first.context();
  let streams = 0;
  let most = 0;
  const count = (change) => (request) => {
    if (!request.url().endsWith('/events')) return;
    streams += change;
    most = Math.max(most, streams);
  };
  context.on('request', count(1));
  context.on('requestfinished', count(-1));
  context.on('requestfailed', count(-1));

  const pages = [first];
  while (pages.length < TABS) pages.push(await context.newPage());
  for (const [index, page] of pages.entries()) {
    page.setDefaultTimeout(15_000);
    await page.goto(url + PAGES[index % PAGES.length]);
    await page.locator('#live:not(.off)').waitFor();
  }
  tell({ step: 'watching', most });

  const appeared = (page) => page.locator(`[data-node="${node}"], [data-trace] >> text=${node}`).first().waitFor();
  const watchers = pages.filter((page) => !page.url().endsWith('/status'));
  await Promise.all(watchers.map(appeared));
  tell({ step: 'appeared', pages: watchers.length });

  // Whoever has the stream goes, then all the others but the last.
  for (const page of pages.slice(0, -1)) await hide(page, true);
  await until(() => streams === 1);
  const last = pages.at(-1);
  await last.locator('#live:not(.off)').waitFor();
  await hide(last, true);
  await until(() => streams === 0);
  tell({ step: 'hidden', streams });
  for (const page of pages) await hide(page, false);
  await until(() => streams === 1);
  tell({ step: 'end', streams, problems });
  await close();
});

/** Waits for something outside the pages. */
async function until(holds) {
  const deadline = Date.now() + 15_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${holds}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
