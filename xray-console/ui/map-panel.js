// What the panel beside the map says of the selected node or call.

import { bdi, el, svg } from './dom.js';
import { count, duration, percent, rate } from './format.js';
import { CLASSES, nameWords, typeWords } from './map-node.js';

const BARS = 28;

/**
 * @param {HTMLElement} panel
 * @param {any} picture
 * @param {{ node?: any, edge?: any }} selected
 * @param {() => void} close
 */
export function showPanel(panel, picture, { node, edge }, close) {
  const name = (index) => nameWords(picture.nodes[index]);
  const { stats, filter } = node ?? edge;
  const client = node && node.type === 'client';
  panel.replaceChildren(
    el(
      'header',
      {},
      node
        ? el('div', {}, el('h2', {}, bdi(nameWords(node))), el('p.muted', {}, bdi(typeWords(node.type))))
        : el('div', {}, el('h2', {}, bdi(name(edge.from)), ' → ', bdi(name(edge.to))), el('p.muted', {}, 'calls, as the caller saw them')),
      el('button.icon', { type: 'button', 'aria-label': 'Close', click: close }, '✕'),
    ),
    el('a.button.primary', { href: `/traces?filter=${encodeURIComponent(filter)}`, 'data-view-traces': '' }, 'View traces'),
    ...(client ? [] : figures(stats)),
    ...(node?.silent ? [el('p.warning', {}, `${count(node.silent)} calls said that this service would send a segment, and none came.`)] : []),
    ...(node ? neighbours(picture, node) : []),
  );
  panel.hidden = false;
}

function figures(stats) {
  const tile = (label, value) => el('div', {}, el('dt', {}, label), el('dd', {}, value));
  const time = (seconds) => (stats.total === 0 ? '–' : duration(seconds));
  return [
    el(
      'dl.facts',
      {},
      tile('Requests', count(stats.total)),
      tile('Rate', rate(stats.per_minute)),
      tile('Average', time(stats.mean)),
      tile('p50', time(stats.p50)),
      tile('p95', time(stats.p95)),
      tile('p99', time(stats.p99)),
    ),
    el(
      'ul.classes',
      {},
      ...CLASSES.map((name) =>
        el('li', { class: name }, el('span.word', {}, name), el('span.number', {}, count(stats[name])), el('span.muted.number', {}, percent(stats[name], stats.total))),
      ),
    ),
    ...(stats.total === 0 ? [] : [el('h3', {}, 'Response time'), histogram(stats.histogram)]),
  ];
}

/** Bars over a logarithmic axis: what is fast and what is slow both keep their shape. */
function histogram(entries) {
  const log = (seconds) => Math.log10(Math.max(seconds, 1e-6));
  const low = log(entries[0][0]);
  const width = Math.max(log(entries.at(-1)[0]) - low, 0.3);
  const bars = new Array(BARS).fill(0);
  for (const [seconds, number] of entries) bars[Math.min(BARS - 1, Math.floor(((log(seconds) - low) / width) * BARS))] += number;
  const most = Math.max(...bars);
  const at = (bar) => duration(10 ** (low + (width * bar) / BARS));
  return el(
    'figure.histogram',
    {},
    svg(
      'svg',
      { viewBox: `0 0 ${BARS * 10} 64`, preserveAspectRatio: 'none', role: 'img', 'aria-label': 'Histogram of response times' },
      ...bars.map((number, bar) => {
        const height = number === 0 ? 0 : Math.max(2, (number / most) * 62);
        return svg('rect', { x: bar * 10 + 1, y: 64 - height, width: 8, height }, svg('title', {}, `${at(bar)} – ${at(bar + 1)}: ${count(number)}`));
      }),
    ),
    el('figcaption.muted', {}, el('span', {}, at(0)), el('span', {}, at(BARS / 2)), el('span', {}, at(BARS))),
  );
}

function neighbours(picture, node) {
  const index = picture.nodes.indexOf(node);
  const list = (title, edges, other) =>
    edges.length === 0
      ? []
      : [
          el('h3', {}, title),
          el(
            'ul.neighbours',
            {},
            ...edges.map((edge) => {
              return el('li', {}, bdi(nameWords(picture.nodes[other(edge)])), el('span.muted', {}, rate(edge.stats.per_minute)));
            }),
          ),
        ];
  return [
    ...list('Called by', picture.edges.filter((edge) => edge.to === index), (edge) => edge.from),
    ...list('Calls', picture.edges.filter((edge) => edge.from === index), (edge) => edge.to),
  ];
}
