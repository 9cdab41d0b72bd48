// The list of traces: rows come in by themselves, newest first.

import { bdi, byId, el, svg } from './dom.js';
import { count, duration, localTime, time, visible } from './format.js';
import { ask, live } from './live.js';

const ROWS = 200;
const SERVICES = 4;

const table = byId('traces');
const body = table.tBodies[0];
const input = byId('filter');

let filter = new URL(location.href).searchParams.get('filter') ?? '';
let revision = null;
/** Traces shown, by id. @type {Map<string, any>} */
const shown = new Map();

/** Nothing but the time can be said of it yet. */
const open = (trace) => trace.response_time === null && trace.class === 'ok';

/** Share of the bar that is filled, in percent. */
const fill = (trace, longest) => (trace.response_time === null ? 0 : Math.min(100, Math.max(1, (trace.response_time / longest) * 100))).toFixed(1);

function row(trace, longest) {
  return el(
    'tr',
    { 'data-trace': trace.id, 'data-class': trace.class },
    el('td', {}, el('a', { href: `/traces/${trace.id}` }, time(trace.start))),
    el('td.method', {}, trace.method ?? ''),
    el('td.url', {}, bdi(trace.url ?? trace.name)),
    el('td.number', {}, trace.status ?? ''),
    el('td.number', {}, trace.response_time === null ? '–' : duration(trace.response_time)),
    el('td.bar', {}, svg('svg', { viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, svg('rect', { class: trace.class, width: fill(trace, longest), height: 6 }))),
    el('td.number', {}, duration(trace.duration)),
    el(
      'td.services',
      {},
      ...trace.services.slice(0, SERVICES).map((service) => el('span.chip', {}, bdi(service))),
      trace.services.length > SERVICES && el('span.muted', {}, `+${trace.services.length - SERVICES}`),
    ),
    el(
      'td.class',
      {},
      open(trace) ? el('span.badge.open', {}, 'in progress') : el('span', { class: `badge ${trace.class}` }, trace.class),
      trace.worst !== trace.class && el('span', { class: `within ${trace.worst}`, title: 'further down the trace' }, `${trace.worst} inside`),
    ),
  );
}

/** Puts the rows in order, keeping those that did not change, so that neither focus nor selection is lost. */
function draw(changed) {
  const traces = [...shown.values()].sort((a, b) => b.arrival - a.arrival);
  for (const dropped of traces.splice(ROWS)) shown.delete(dropped.id);
  const longest = Math.max(0.001, ...traces.map((trace) => trace.response_time ?? 0));
  const old = new Map([...body.rows].map((line) => [line.dataset.trace, line]));
  const first = old.size === 0;
  let at = body.firstElementChild;
  for (const trace of traces) {
    let line = old.get(trace.id);
    if (!line || changed.has(trace.id)) {
      const fresh = row(trace, longest);
      if (!line && !first) fresh.classList.add('new');
      if (line === at) at = line?.nextElementSibling ?? null;
      line?.remove();
      line = fresh;
    } else {
      line.querySelector('rect').setAttribute('width', fill(trace, longest));
    }
    old.delete(trace.id);
    if (line === at) at = at.nextElementSibling;
    else body.insertBefore(line, at);
  }
  for (const line of old.values()) line.remove();
  byId('none').hidden = traces.length > 0;
}

async function refresh(resync) {
  const since = resync || revision === null ? '' : `&since=${revision}`;
  const answer = await ask(`/api/traces?filter=${encodeURIComponent(filter)}${since}`);
  if (answer.problem) {
    problem(answer.problem);
    return;
  }
  byId('filter-error').hidden = true;
  byId('traces-page').classList.remove('unanswered');
  if (answer.matching !== null) shown.clear();
  for (const trace of answer.traces) shown.set(trace.id, trace);
  revision = answer.revision;
  const empty = answer.kept === 0;
  byId('empty').hidden = !empty;
  byId('traces-page').hidden = empty;
  draw(new Set(answer.traces.map((trace) => trace.id)));
  words(answer);
}

function words({ kept, matching }) {
  const all = filter.trim() === '';
  if (all) byId('count').textContent = `${count(kept)} traces`;
  else if (matching !== null) byId('count').textContent = `${count(matching)} of ${count(kept)} traces`;
}

/** Shows where the expression goes wrong; the old rows stay, and are seen to be of an earlier one. */
function problem({ message, offset }) {
  const bytes = new TextEncoder().encode(filter);
  const text = (part) => visible(new TextDecoder().decode(part));
  byId('filter-error').replaceChildren(
    el('span.expression', {}, bdi(text(bytes.slice(0, offset))), el('mark', {}, '▸'), bdi(text(bytes.slice(offset)))),
    el('span', {}, message),
  );
  byId('filter-error').hidden = false;
  byId('traces-page').classList.add('unanswered');
  input.setAttribute('aria-invalid', 'true');
}

function filterFromAddress() {
  filter = new URL(location.href).searchParams.get('filter') ?? '';
  input.value = filter;
  input.removeAttribute('aria-invalid');
  byId('clear').hidden = filter === '';
  refresh(true).catch(() => {});
}

input.form.addEventListener('submit', (event) => {
  event.preventDefault();
  history.pushState(null, '', input.value.trim() === '' ? '/traces' : `/traces?filter=${encodeURIComponent(input.value)}`);
  filterFromAddress();
});
addEventListener('popstate', filterFromAddress);

// The whole row leads to the trace; the link is for the keyboard and for new tabs.
body.addEventListener('click', (event) => {
  const line = event.target.closest('tr');
  if (line && !event.target.closest('a') && getSelection().isCollapsed) line.querySelector('a').click();
});
addEventListener('keydown', (event) => {
  if (event.target.matches('input, textarea') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === '/' || event.key === 'f') {
    event.preventDefault();
    input.focus();
  } else if (event.key === 'j' || event.key === 'k') {
    const links = [...body.querySelectorAll('a')];
    const at = links.indexOf(document.activeElement);
    links[Math.max(0, Math.min(links.length - 1, event.key === 'j' ? at + 1 : at - 1))]?.focus();
  }
});

for (const element of document.querySelectorAll('#traces time')) localTime(element);
live(refresh);
