// One trace: waterfall and details, current while it is in progress.

import { byId } from './dom.js';
import { showDetail, wait } from './detail.js';
import { localTime } from './format.js';
import { ask, live, renew } from './live.js';
import { CLASSES, Waterfall } from './waterfall.js';

const id = byId('trace-page').dataset.id;
const panel = byId('detail');
let trace = null;
let asked = 0;

const waterfall = new Waterfall(byId('waterfall'), (row) => {
  const key = trace.key[row];
  const address = new URL(location.href);
  address.searchParams.set('span', key);
  history.replaceState(null, '', address);
  details(row);
});

async function details(row) {
  const mine = (asked += 1);
  const key = trace.key[row];
  wait(panel, 'Loading…');
  try {
    const answer = await ask(`/api/traces/${id}/spans/${key}`);
    if (mine !== asked) return;
    showDetail(panel, answer, {
      service: trace.names[trace.service[row]],
      class: CLASSES[trace.class[row]],
      find: (other) => {
        const at = trace.key.indexOf(other);
        return at < 0 || at === row ? null : () => waterfall.go(at);
      },
    });
  } catch (error) {
    if (mine === asked) wait(panel, error.message);
  }
}

async function refresh(resync) {
  const since = trace && !resync ? `?since=${trace.revision}` : '';
  const answer = await ask(`/api/traces/${id}${since}`).catch((error) => {
    // It left to make room while it was on the screen: what is shown stays.
    if (error.status === 404 && trace) return null;
    throw error;
  });
  if (!answer) return;
  const first = trace === null;
  trace = answer;
  if (!first) await renew(`/traces/${id}`, 'trace-head');
  waterfall.show(trace);
  const wanted = first ? new URL(location.href).searchParams.get('span') : waterfall.selected;
  const row = Math.max(0, trace.key.indexOf(wanted));
  if (first) {
    waterfall.selected = trace.key[row];
    waterfall.paint();
  }
  details(row);
}

addEventListener('keydown', (event) => {
  if (event.target.matches('input, textarea') || event.ctrlKey || event.metaKey || event.altKey || !trace) return;
  if (event.key === 'e') waterfall.failed(1);
  else if (event.key === 'E') waterfall.failed(-1);
  else if (event.key === 'Escape') location.assign('/traces');
});

for (const element of document.querySelectorAll('time')) localTime(element);
wait(panel, 'Loading…');
live(refresh);
