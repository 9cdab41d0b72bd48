// The system's Chromium, watched: whatever a page of the console must never do ends up in `problems`.

import { chromium } from 'playwright-core';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

// Ends with the test that started us, also when that test is killed.
process.stdin.resume();
process.stdin.on('end', () => process.exit(1));

/** Opens a browser with one page; `options` are those of a Playwright context. */
export async function open(options = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless=new',
      '--no-sandbox',
      // Nothing leaves this machine, whatever a page asks for.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    ],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const problems = [];
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && !LOOPBACK.has(url.hostname)) {
      problems.push(`request to ${url.href}`);
    }
  });
  await context.exposeBinding('reportProblem', (_source, text) => problems.push(text));
  await context.addInitScript(() => {
    // What an attack of the tests sets, if it runs.
    Object.defineProperty(globalThis, 'attacked', {
      set: () => globalThis.reportProblem(`an attack ran on ${location.href}`),
    });
    addEventListener('securitypolicyviolation', (event) =>
      globalThis.reportProblem(`CSP violation: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  const page = await context.newPage();
  // Shorter than the test's own patience, so that it is this side that says what was missing.
  page.setDefaultTimeout(15_000);
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on('pageerror', (error) => problems.push(`page error: ${error.stack ?? error}`));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      problems.push(`console: ${message.text()} (${message.location().url})`);
    }
  });
  return { page, problems, close: () => browser.close() };
}

/** Tells the test something: one JSON line. */
export function tell(value) {
  console.log(JSON.stringify(value));
}

/** Runs a script's body and ends the process with it. */
export async function main(body) {
  try {
    await body(...process.argv.slice(2));
    process.exit(0);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}

/** The text of the detail panel's tab, once it shows some. */
export async function detail(page, tab) {
  await page.locator(`[data-tab="${tab}"]`).click();
  return page.locator('#detail').innerText();
}
