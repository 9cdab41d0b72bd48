// The sampling page, rendered by the server once a second: quotas run out without anything coming in.

import { live, renew } from './live.js';

const PAUSE = 1_000;

/** Lists of clients stay as open as they were, and keep the focus. */
function keep(fresh, old) {
  const lists = new Map([...fresh.querySelectorAll('details')].map((list) => [list.dataset.key, list]));
  for (const list of old.querySelectorAll('details')) {
    const next = lists.get(list.dataset.key);
    if (next) next.open = list.open;
  }
  const key = document.activeElement?.closest('details')?.dataset.key;
  return () => lists.get(key)?.querySelector('summary').focus();
}

live(() => renew('/sampling', 'sampling-page', keep), PAUSE, PAUSE);
