// The service map: the server says what is where, this draws it and keeps it current.

import { bdi, byId, choice, el, svg } from './dom.js';
import { count, duration, percent, rate } from './format.js';
import { ask, live } from './live.js';
import { drawNode, nameWords, typeWords } from './map-node.js';
import { showPanel } from './map-panel.js';

const page = byId('map-page');
const map = byId('map');
const panel = byId('panel');

/** The scale below which names can no longer be read. */
const SMALLEST = 0.55;

let metric = 'mean';
let picture = null;
/** What is selected, by names: indices change with every answer. */
let selected = null;
/** Names seen before, so that only new nodes fade in. */
let known = null;

const keyOf = (node) => `${node.name}\n${node.type ?? ''}`;
const edgeKey = ({ edges, nodes }, edge) => `${keyOf(nodes[edge.from])}\n${keyOf(nodes[edge.to])}`;

/** A smooth line through the points of an edge. */
function path(line) {
  const [first, ...rest] = line;
  let d = `M${first[0]} ${first[1]}`;
  if (rest.length === 1) {
    const [[x, y]] = rest;
    const bend = (x - first[0]) / 2;
    // A short or backward edge is straight; the others leave and arrive level.
    return Math.abs(bend) < 20 || Math.abs(y - first[1]) < 1 ? `${d}L${x} ${y}` : `${d}C${first[0] + bend * 0.6} ${first[1] + (y - first[1]) * 0.25} ${x - bend * 0.6} ${y - (y - first[1]) * 0.25} ${x} ${y}`;
  }
  for (let index = 0; index < rest.length - 1; index += 1) {
    const [x, y] = rest[index];
    const [nextX, nextY] = rest[index + 1];
    const last = index === rest.length - 2;
    d += `Q${x} ${y} ${last ? nextX : (x + nextX) / 2} ${last ? nextY : (y + nextY) / 2}`;
  }
  return d;
}

function drawEdge(edge, busiest) {
  const { stats } = edge;
  const width = 1.4 + 3 * Math.sqrt(stats.per_minute / busiest);
  const failed = stats.fault > 0 ? 'fault' : stats.throttle > 0 ? 'throttle' : stats.error > 0 ? 'error' : 'ok';
  const from = picture.nodes[edge.from];
  const to = picture.nodes[edge.to];
  const bad = stats.total - stats.ok;
  const words = `${nameWords(from)} → ${to.name}: ${rate(stats.per_minute)}, avg ${duration(stats.mean)}, ${percent(bad, stats.total)} failed`;
  const d = path(edge.line);
  return svg(
    'g.edge',
    { 'data-edge': `${from.name}→${to.name}`, 'data-class': failed, role: 'button', tabindex: 0, 'aria-label': words },
    svg('path.reach', { d }),
    svg('path.line', { d, 'stroke-width': width.toFixed(2), 'marker-end': 'url(#arrow)' }),
    svg('title', {}, words),
  );
}

function draw() {
  const busiest = Math.max(1e-9, ...picture.edges.map((edge) => edge.stats.per_minute));
  const focused = document.activeElement?.closest?.('#map [data-key]')?.dataset.key;
  const edges = picture.edges.filter((edge) => edge.line.length > 1).map((edge) => mark(drawEdge(edge, busiest), { edge }, edgeKey(picture, edge)));
  const nodes = picture.nodes.map((node) => {
    const group = drawNode(node, picture.radius, metric);
    group.setAttribute('transform', `translate(${node.x} ${node.y})`);
    if (known && !known.has(keyOf(node))) group.classList.add('new');
    return mark(group, { node }, keyOf(node));
  });
  known = new Set(picture.nodes.map(keyOf));
  map.setAttribute('viewBox', `0 0 ${Math.max(picture.width, 1)} ${Math.max(picture.height, 1)}`);
  // Small maps keep their natural size instead of filling the screen with one circle.
  map.style.setProperty('min-width', `${Math.round(picture.width * SMALLEST)}px`);
  map.style.setProperty('min-height', `${Math.round(picture.height * SMALLEST)}px`);
  map.style.setProperty('max-width', `${picture.width * 1.35}px`);
  map.style.setProperty('max-height', `${picture.height * 1.35}px`);
  map.replaceChildren(arrow(), svg('g', {}, ...edges), svg('g', {}, ...nodes));
  if (focused) [...map.querySelectorAll('[data-key]')].find((item) => item.dataset.key === focused)?.focus();
}

function arrow() {
  const marker = svg('marker', { id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: 'userSpaceOnUse', orient: 'auto' }, svg('path', { d: 'M0 .5 8 4 0 7.500Z' }));
  return svg('defs', {}, marker);
}

function mark(group, what, key) {
  group.dataset.key = key;
  group.classList.toggle('selected', selected === key);
  const select = () => {
    selected = key;
    for (const item of map.querySelectorAll('[data-key]')) item.classList.toggle('selected', item.dataset.key === key);
    showPanel(panel, picture, what, close);
  };
  group.addEventListener('click', select);
  group.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    select();
    panel.querySelector('a').focus();
  });
  return group;
}

function close() {
  selected = null;
  panel.hidden = true;
  for (const item of map.querySelectorAll('.selected')) item.classList.remove('selected');
}

/** Keeps the panel current without taking the link from under the pointer. */
function updatePanel() {
  if (selected === null || panel.matches(':hover, :focus-within')) return;
  const node = picture.nodes.find((other) => keyOf(other) === selected);
  const edge = picture.edges.find((other) => edgeKey(picture, other) === selected);
  if (node || edge) showPanel(panel, picture, { node, edge }, close);
}

function tables() {
  const figures = (stats) => [
    ...[count(stats.total), rate(stats.per_minute)],
    ...[stats.mean, stats.p50, stats.p95, stats.p99].map((seconds) => (stats.total > 0 ? duration(seconds) : '–')),
    ...[stats.ok, stats.error, stats.throttle, stats.fault].map(count),
  ].map((text) => el('td.number', {}, text));
  // What a client sends is on its calls.
  const none = () => new Array(10).fill('–').map((text) => el('td.number.muted', {}, text));
  const { nodes, edges } = picture;
  byId('nodes').tBodies[0].replaceChildren(
    ...nodes.map((node) =>
      el('tr', {}, el('td', {}, bdi(nameWords(node))), el('td.muted', {}, bdi(typeWords(node.type))), ...(node.type === 'client' ? none() : figures(node.stats)), el('td.go', {}, el('a', { href: `/traces?filter=${encodeURIComponent(node.filter)}` }, 'View traces'))),
    ),
  );
  byId('edges').tBodies[0].replaceChildren(
    ...edges.map((edge) => el('tr', {}, el('td', {}, bdi(nameWords(nodes[edge.from]))), el('td', {}, bdi(nameWords(nodes[edge.to]))), ...figures(edge.stats))),
  );
}

async function refresh() {
  picture = await ask(`/api/map?range=${encodeURIComponent(page.dataset.range)}`);
  const empty = picture.kept === 0;
  byId('empty').hidden = !empty;
  page.hidden = empty;
  byId('quiet').hidden = picture.nodes.length > 0;
  byId('hidden-nodes').hidden = picture.hidden === 0;
  byId('hidden-nodes').textContent = `${count(picture.hidden)} quieter nodes are not drawn.`;
  draw();
  tables();
  updatePanel();
}

choice('metric', (value) => {
  metric = value;
  if (picture) draw();
});
choice('view', (value) => page.classList.toggle('as-table', value === 'table'));
for (const link of document.querySelectorAll('a[data-range]')) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    history.pushState(null, '', link.href);
    rangeFromAddress();
  });
}
function rangeFromAddress() {
  page.dataset.range = new URL(location.href).searchParams.get('range') ?? '5m';
  for (const link of document.querySelectorAll('a[data-range]')) {
    if (link.dataset.range === page.dataset.range) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  refresh();
}
addEventListener('popstate', rangeFromAddress);
addEventListener('keydown', (event) => event.key === 'Escape' && close());
live(refresh);
// Windows move on although nothing arrives.
setInterval(() => !document.hidden && refresh().catch(() => {}), 5_000);
