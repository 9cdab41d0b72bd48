// The README's pictures, of a console that is busy. Usage: screenshots.mjs CONSOLE_URL FOLDER

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { main, open, tell } from './browser.mjs';

const NODES = 9;
const TRACES = 150; // enough to look at
const WATERFALL = { width: 1280, height: 900 }; // for all rows of an order
const LARGEST = 250_000; // bytes: the pictures are part of every clone

await main(async (url, folder) => {
  await busy(url);
  let trace;
  for (const colorScheme of ['light', 'dark']) {
    const { page, problems, close } = await open({ colorScheme, deviceScaleFactor: 1.5 });

    await page.goto(`${url}/map`);
    await page.locator('[data-node]').nth(NODES - 1).waitFor();
    await settled(page);
    await picture(page, folder, `map-${colorScheme}.png`);

    trace ??= await richestTrace(url);
    await page.setViewportSize(WATERFALL);
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

/** Waits for enough traffic. */
async function busy(url) {
  const kept = async () => (await (await fetch(`${url}/api/traces`)).json()).kept;
  while ((await kept()) < TRACES) {
    await setTimeout(250);
  }
}

/** Of the latest traces the one with the most rows. */
async function richestTrace(url) {
  const { traces } = await (await fetch(`${url}/api/traces`)).json();
  const complete = traces.filter((trace) => !trace.in_progress);
  return complete.reduce((best, trace) => (trace.spans > best.spans ? trace : best)).id;
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
