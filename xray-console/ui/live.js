// Keeps a page current: asks again when something changed, and says when the server is away.

import { byId } from './dom.js';
import { localTime } from './format.js';
import { news } from './stream.js';

const STATES = {
  live: { word: 'Live', text: '' },
  away: {
    word: 'Reconnecting',
    text: 'The console is not answering. What you see is the last it said; the page reconnects by itself.',
  },
  crowded: {
    word: 'Slow',
    text: 'Too many pages of this console are open: close some. Until then this page asks for news every ten seconds.',
  },
};

/**
 * Calls `refresh` whenever something changed: never twice at a time, and at most every `pause` milliseconds.
 * @param {(resync: boolean) => Promise<void>} refresh `resync` when what is shown is of an earlier run of the server
 * @param {number} [pause]
 * @param {number} [beat] also after so many milliseconds without news
 */
export function live(refresh, pause = 250, beat = 0) {
  let wanted = false;
  let resync = false;
  let busy = false;
  /** @type {'live' | 'away' | 'crowded'} */
  let state = 'live';
  /** Which run of the server the page shows. @type {string | null} */
  let run = null;

  async function work() {
    if (busy || document.hidden) return;
    busy = true;
    while (wanted) {
      const again = resync;
      wanted = resync = false;
      try {
        await refresh(again);
        if (state === 'away') state = 'live';
      } catch {
        // The stream notices as well, and tells when the server is back.
        state = 'away';
      }
      show(state);
      await new Promise((done) => setTimeout(done, pause));
    }
    busy = false;
  }

  const ask = (again) => {
    wanted = true;
    resync ||= again;
    work();
  };
  document.addEventListener('visibilitychange', () => ask(false));
  news((word) => {
    state = word.state;
    show(state);
    if (state === 'away') return;
    const now = word.id?.split('-')[0] ?? run;
    ask(run !== null && now !== run);
    run = now;
  });
  if (beat > 0) setInterval(() => state === 'live' && ask(false), beat);
  ask(false);
}

function show(state) {
  const { word, text } = STATES[state];
  const dot = byId('live');
  dot.hidden = false;
  dot.classList.toggle('off', state !== 'live');
  dot.querySelector('.word').textContent = word;
  document.documentElement.classList.toggle('stale', state === 'away');
  const banner = byId('banner');
  banner.hidden = text === '';
  if (banner.textContent !== text) banner.textContent = text;
}

/**
 * Takes over a part of a page as the server renders it now: it alone knows how that part looks.
 * An XMLHttpRequest parses a page without running or fetching anything in it.
 * @param {string} path
 * @param {string} id of the part
 * @param {(fresh: Element, old: Element) => () => void} [keep] takes over what the server does not know; what it returns
 *   is called when the fresh part stands on the page
 */
export async function renew(path, id, keep = () => () => {}) {
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
  const then = keep(fresh, old);
  if (old.isEqualNode(fresh)) return;
  old.replaceWith(document.adoptNode(fresh));
  then();
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
