// The README's pictures, of a console that is busy. Usage: screenshots.mjs CONSOLE_URL FOLDER

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { main, open, tell } from './browser.mjs';

const NODES = 6;
const LARGEST = 250_000; // bytes: the pictures are part of every clone

await main(async (url, folder) => {
  let trace;
  for (const colorScheme of ['light', 'dark']) {
    const { page, problems, close } = await open({ colorScheme, deviceScaleFactor: 1.5 });

    await page.goto(`${url}/map`);
    await page.locator('[data-node]').nth(NODES - 1).waitFor();
    await settled(page);
    await picture(page, folder, `map-${colorScheme}.png`);

    trace ??= await richestTrace(page, url);
    await page.goto(`${url}/traces/${trace}`);
    await page.locator('[data-span]').first().waitFor();
    await showStatement(page);
    await settled(page);
    await picture(page, folder, `waterfall-${colorScheme}.png`);

    await close();
    if (problems.length > 0) {
      throw new Error(problems.join('\n'));
    }
  }
});

/** Of the latest traces that failed, the one with the most rows; of all, if none failed. */
async function richestTrace(page, url) {
  await page.goto(`${url}/traces`);
  await page.locator('[data-trace]').first().waitFor();
  const traces = await page
    .locator('[data-trace]')
    .evaluateAll((rows) => rows.slice(0, 60).map((row) => row.dataset.trace));
  let best = { rank: -1 };
  for (const trace of traces) {
    await page.goto(`${url}/traces/${trace}`);
    const rows = page.locator('[data-span]');
    await rows.first().waitFor();
    const failed = await page.locator('[data-tab="exceptions"]').count();
    const rank = (await rows.count()) + (failed > 0 ? 1 : 0);
    if (rank > best.rank) {
      best = { rank, trace };
    }
  }
  return best.trace;
}

/** Opens the first row with an SQL statement, so that the panel has something to say. */
async function showStatement(page) {
  for (const row of await page.locator('[data-span]').all()) {
    await row.click();
    const tab = page.locator('[data-tab="sql"]:not([disabled]):not([aria-disabled="true"])');
    if ((await tab.count()) > 0) {
      await tab.click();
      return;
    }
  }
}

/** Waits for the end of what moves by itself but for what moves for ever. */
async function settled(page) {
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getComputedTiming().iterations !== Infinity)
        .map((animation) => animation.finished.catch(() => {})),
    ),
  );
}

async function picture(page, folder, name) {
  const path = join(folder, name);
  await page.screenshot({ path, animations: 'disabled' });
  const { size } = statSync(path);
  tell({ picture: name, bytes: size });
  if (size > LARGEST) {
    throw new Error(`${path} has ${size} bytes, more than ${LARGEST}`);
  }
}
