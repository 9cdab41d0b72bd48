// One stream for the page: says when to ask again, and when the server is away.

import { byId } from './dom.js';
import { localTime } from './format.js';

const SLOWEST = 10_000;

/**
 * Calls `refresh` whenever something changed: never twice at a time, and at most every `pause` milliseconds.
 * @param {(resync: boolean) => Promise<void>} refresh `resync` when what is shown is of an earlier run of the server
 * @param {number} [pause]
 */
export function live(refresh, pause = 250) {
  let wanted = false;
  let resync = false;
  let busy = false;

  async function run() {
    if (busy || document.hidden) return;
    busy = true;
    while (wanted) {
      const again = resync;
      wanted = resync = false;
      try {
        await refresh(again);
        online(true);
      } catch {
        // The stream notices as well, and tells when the server is back.
        online(false);
      }
      await new Promise((done) => setTimeout(done, pause));
    }
    busy = false;
  }

  const ask = (again) => {
    wanted = true;
    resync ||= again;
    run();
  };
  document.addEventListener('visibilitychange', run);
  connect(ask, 1_000);
}

function connect(ask, delay) {
  const stream = new EventSource('/events');
  let wait = delay;
  stream.addEventListener('open', () => {
    wait = 1_000;
    online(true);
  });
  stream.addEventListener('change', () => ask(false));
  stream.addEventListener('resync', () => ask(true));
  stream.addEventListener('error', () => {
    online(false);
    if (stream.readyState === EventSource.CLOSED) {
      setTimeout(() => connect(ask, Math.min(wait * 2, SLOWEST)), wait);
    }
  });
  addEventListener('pagehide', () => stream.close(), { once: true });
}

function online(on) {
  const dot = byId('live');
  dot.hidden = false;
  dot.classList.toggle('off', !on);
  dot.querySelector('.word').textContent = on ? 'Live' : 'Reconnecting';
  document.documentElement.classList.toggle('stale', !on);
  const banner = byId('banner');
  banner.hidden = on;
  banner.textContent = on ? '' : 'The console is not answering. What you see is the last it said; the page reconnects by itself.';
}

/**
 * Takes over a part of a page as the server renders it now: it alone knows how that part looks.
 * An XMLHttpRequest parses a page without running or fetching anything in it.
 * @param {string} path
 * @param {string} id of the part
 */
export async function renew(path, id) {
  const page = await new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('GET', path);
    request.responseType = 'document';
    request.addEventListener('load', () => done(request.response));
    request.addEventListener('error', failed);
    request.send();
  });
  const fresh = page?.getElementById(id);
  if (!fresh) return;
  fresh.querySelectorAll('time').forEach(localTime);
  const old = byId(id);
  if (!old.isEqualNode(fresh)) old.replaceWith(document.adoptNode(fresh));
}

/**
 * Fetches JSON; `null` for 204, the answer's own words for an error.
 * @param {string} path
 */
export async function ask(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } });
  if (response.status === 204) return null;
  const value = await response.json();
  if (response.ok) return value;
  throw Object.assign(new Error(value.message), { refused: value, status: response.status });
}
