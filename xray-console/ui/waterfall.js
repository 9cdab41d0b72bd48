// The rows of a trace. Only those near the window are in the document, however many there are.

import { el } from './dom.js';
import { duration } from './format.js';

const ROW = 30;
const ALL = 400;
const SPARE = 20;
export const CLASSES = ['ok', 'error', 'throttle', 'fault'];
/** Levels that are indented; deeper rows say their level in a figure. */
const INDENTED = 12;
const FLAG = { segment: 1, aws: 2, remote: 4, sql: 8, cause: 16, detached: 32 };

/** One trace as rows. */
export class Waterfall {
  /**
   * @param {HTMLElement} root
   * @param {(row: number) => void} chosen
   */
  constructor(root, chosen) {
    this.chosen = chosen;
    this.closed = new Set();
    this.selected = null;
    this.axis = el('div.axis', { 'aria-hidden': 'true' });
    this.rows = el('div.rows', { role: 'treegrid', 'aria-label': 'Segments and subsegments' });
    this.scroller = el('div.scroller', {}, this.rows);
    root.replaceChildren(el('div.heads', {}, el('span', {}, 'Segments and subsegments'), this.axis), this.scroller);
    this.scroller.addEventListener('scroll', () => this.paint(), { passive: true });
    this.rows.addEventListener('click', (event) => this.click(event));
    this.rows.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.paint()).observe(this.scroller);
  }

  /** @param {any} trace the columns of the server */
  show(trace) {
    this.trace = trace;
    this.total = trace.start.reduce((most, start, row) => Math.max(most, start + Math.max(0, trace.length[row])), 0) || 1;
    const services = [...new Set(trace.service)];
    this.colour = new Map(services.map((service, index) => [service, index % 8]));
    this.children = new Array(trace.key.length).fill(0);
    for (const parent of trace.parent) if (parent >= 0 && parent < this.children.length) this.children[parent] += 1;
    this.axis.replaceChildren(
      ...[0, 0.25, 0.5, 0.75, 1].map((share) => at(el('span', { class: share === 1 ? 'last' : '' }, duration((share * this.total) / 1e3)), 'left', share)),
    );
    this.fold();
  }

  /** Which rows are visible: those with no closed one above. */
  fold() {
    const { parent } = this.trace;
    const hidden = new Uint8Array(parent.length);
    this.visible = [];
    for (let row = 0; row < parent.length; row += 1) {
      const above = parent[row];
      hidden[row] = above >= 0 && (hidden[above] || this.closed.has(this.trace.key[above])) ? 1 : 0;
      if (!hidden[row]) this.visible.push(row);
    }
    this.rows.setAttribute('aria-rowcount', String(parent.length));
    this.rows.style.setProperty('height', `${this.visible.length * ROW}px`);
    this.paint();
  }

  paint() {
    if (!this.visible) return;
    const few = this.visible.length <= ALL;
    const first = few ? 0 : Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - SPARE);
    const last = few ? this.visible.length : Math.min(this.visible.length, first + Math.ceil(this.scroller.clientHeight / ROW) + 2 * SPARE);
    const focused = this.rows.contains(document.activeElement) ? document.activeElement.dataset.row : null;
    this.rows.replaceChildren(...this.visible.slice(first, last).map((row, index) => this.draw(row, first + index)));
    if (focused !== null) this.element(Number(focused))?.focus({ preventScroll: true });
  }

  draw(row, place) {
    const { trace } = this;
    const key = trace.key[row];
    const depth = trace.depth[row];
    const name = trace.names[trace.name[row]];
    const flags = trace.flags[row];
    const kind = CLASSES[trace.class[row]];
    const pending = trace.length[row] < 0;
    const parent = this.children[row] > 0;
    const open = parent && !this.closed.has(key);
    const length = pending ? this.total - trace.start[row] : trace.length[row];
    const span = flags & FLAG.segment;
    const called = flags & (FLAG.aws | FLAG.remote);
    const bar = el('span', { class: `time-bar colour-${this.colour.get(trace.service[row])} ${span ? 'segment' : ''} ${pending ? 'pending' : ''} ${kind}` });
    at(bar, 'left', trace.start[row] / this.total);
    at(bar, 'width', Math.min(length / this.total, 1 - trace.start[row] / this.total));
    const end = (trace.start[row] + length) / this.total;
    const begin = trace.start[row] / this.total;
    // Behind the bar; where there is no room before it; where there is none either, inside.
    const side = end < 0.85 ? 'behind' : begin > 0.15 ? 'before' : 'inside';
    const label = el('span', { class: `length ${side}` }, pending ? 'in progress' : duration(trace.length[row] / 1e3));
    if (side === 'behind') at(label, 'left', end);
    else at(label, 'right', side === 'before' ? 1 - begin : 1 - end);
    const line = el(
      'div.span',
      {
        role: 'row',
        'data-span': key,
        'data-name': name,
        'data-row': row,
        'aria-level': depth + 1,
        'aria-rowindex': row + 1,
        'aria-expanded': parent ? String(open) : null,
        'aria-selected': String(this.selected === key),
        tabindex: this.selected === key || (this.selected === null && row === 0) ? 0 : -1,
      },
      el(
        'span.title',
        { role: 'gridcell' },
        depth > INDENTED ? el('span.level', { title: `level ${depth}` }, depth) : null,
        el('span.twist', { 'data-twist': parent ? '' : null, 'aria-hidden': 'true' }, parent ? (open ? '▾' : '▸') : ''),
        el('span', { class: `swatch colour-${this.colour.get(trace.service[row])} ${span ? 'segment' : ''}` }),
        el('bdi', { class: span ? 'strong' : '' }, name),
        flags & FLAG.sql ? el('span.tag', {}, 'SQL') : called ? el('span.tag', {}, flags & FLAG.aws ? 'AWS' : 'remote') : null,
        flags & FLAG.detached ? el('span.tag.warn', { title: 'its parent never arrived' }, 'detached') : null,
        trace.status[row] > 0 ? el('span', { class: `code ${kind}` }, trace.status[row]) : null,
        kind !== 'ok' ? el('span', { class: `mark ${kind}`, title: kind }, kind === 'fault' ? '✕' : kind === 'throttle' ? '⋯' : '!') : null,
      ),
      el('span.track', { role: 'gridcell' }, bar, label),
    );
    at(line, 'top', null, `${place * ROW}px`);
    line.firstChild.style.setProperty('--indent', `${indent(depth)}px`);
    return line;
  }

  element(row) {
    return this.rows.querySelector(`[data-row="${row}"]`);
  }

  select(row, focus = false) {
    this.selected = this.trace.key[row];
    this.paint();
    if (focus) this.element(row)?.focus();
    this.chosen(row);
  }

  toggle(row, open) {
    const key = this.trace.key[row];
    if (open ?? this.closed.has(key)) this.closed.delete(key);
    else this.closed.add(key);
    this.fold();
  }

  click(event) {
    const line = event.target.closest('[data-span]');
    if (!line) return;
    if (event.target.closest('[data-twist]')) this.toggle(Number(line.dataset.row));
    else this.select(Number(line.dataset.row), true);
  }

  key(event) {
    const row = Number(event.target.dataset?.row ?? -1);
    if (row < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const place = this.visible.indexOf(row);
    const move = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (move !== undefined) this.go(this.visible[place + move]);
    else if (event.key === 'ArrowRight') this.toggle(row, true);
    else if (event.key === 'ArrowLeft') {
      if (this.children[row] > 0 && !this.closed.has(this.trace.key[row])) this.toggle(row, false);
      else this.go(this.trace.parent[row]);
    } else if (event.key === 'Enter' || event.key === ' ') this.select(row, true);
    else return;
    event.preventDefault();
  }

  /** Selects another row and brings it into the window. */
  go(row) {
    if (row === undefined || row < 0) return;
    const top = this.visible.indexOf(row) * ROW;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight) this.scroller.scrollTop = top + ROW - clientHeight;
    this.select(row, true);
  }

  /** The next row that failed, after or before the selected one. */
  failed(step) {
    const rows = this.visible.filter((row) => this.trace.class[row] > 0);
    if (rows.length === 0) return;
    const current = this.trace.key.indexOf(this.selected);
    const next = step > 0 ? rows.find((row) => row > current) : rows.findLast((row) => row < current);
    this.go(next ?? rows.at(step > 0 ? 0 : -1));
  }
}

/** Deeper levels are indented less, so that names keep their room. @param {number} depth */
const indent = (depth) => 12 * Math.min(depth, 4) + 5 * Math.max(0, Math.min(depth, INDENTED) - 4);

/** Sets a length through the style object, which the policy allows where the attribute is not. */
function at(element, property, share, value = `${(Math.max(0, Math.min(1, share)) * 100).toFixed(3)}%`) {
  element.style.setProperty(property, value);
  return element;
}
