// What can be read of a waterfall and of the map's table. Usage: readable.mjs CONSOLE_URL TRACE

import { main, open, tell } from './browser.mjs';

await main(async (url, trace) => {
  const end = { contrasts: [], names: [], problems: [] };
  for (const colorScheme of ['light', 'dark']) {
    const { page, problems, close } = await open({ colorScheme });
    await page.goto(`${url}/traces/${trace}`);
    await page.locator('[data-span]').first().waitFor();
    end.contrasts.push(...(await page.locator('.length').evaluateAll(contrasts)));
    end.names = await page.locator('[data-span] .title').evaluateAll(names);
    end.tabs = await page.locator('.tab-bar').evaluate((bar) => bar.scrollWidth - bar.clientWidth);

    await page.goto(`${url}/map?range=all`);
    await page.locator('[data-node]').first().waitFor();
    const drawing = page.locator('[data-metric], .legend');
    end.map = await drawing.evaluateAll((parts) => parts.filter((part) => part.checkVisibility()).length);
    await page.locator('[data-view="table"]').click();
    end.edges = await page.locator('#edges tbody tr').allInnerTexts();
    end.table = await drawing.evaluateAll((parts) => parts.filter((part) => part.checkVisibility()).length);
    end.problems.push(...problems);
    await close();
  }
  tell(end);
});

/** The text of each row's name and how many pixels of it are seen. */
function names(titles) {
  return titles.map((title) => {
    const column = title.getBoundingClientRect();
    const name = title.querySelector('bdi').getBoundingClientRect();
    return Math.min(name.right, column.right) - name.left;
  });
}

/** The contrast of each label with what is below it: its own ground, the bar, or the card. */
function contrasts(labels) {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color) => {
    const [r, g, b] = rgb(color).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const opaque = (element) => rgb(getComputedStyle(element).backgroundColor)[3] === 255;
  return labels.map((label) => {
    const bar = label.previousElementSibling;
    const inside = label.classList.contains('inside');
    const ground = opaque(label) ? label : inside ? bar : document.querySelector('.trace-body');
    const [light, dark] = [label, ground]
      .map((element, index) => luminance(getComputedStyle(element)[index === 0 ? 'color' : 'backgroundColor']))
      .sort((a, b) => b - a);
    return { inside, ratio: (light + 0.05) / (dark + 0.05) };
  });
}
