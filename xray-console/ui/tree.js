// Any JSON as a tree that opens as deep as one looks.

import { bdi, el } from './dom.js';
import { visible } from './format.js';

const DEEPEST = 64;
const ITEMS = 200;
const LONG = 600;

/**
 * @param {unknown} value
 * @param {number} [depth]
 * @returns {HTMLElement}
 */
export function tree(value, depth = 0) {
  if (value === null || typeof value !== 'object') return leaf(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return el('span.muted', {}, Array.isArray(value) ? '[ ]' : '{ }');
  if (depth >= DEEPEST) return el('span.muted', {}, 'deeper than 64 levels: see Raw');
  const list = el('ul.tree');
  more(list, entries, 0, depth);
  return list;
}

function more(list, entries, from, depth) {
  for (const [key, child] of entries.slice(from, from + ITEMS)) list.append(item(key, child, depth));
  const next = from + ITEMS;
  if (next >= entries.length) return;
  const button = el('button.link', { type: 'button' }, `${entries.length - next} more`);
  const line = el('li', {}, button);
  button.addEventListener('click', () => {
    line.remove();
    more(list, entries, next, depth);
  });
  list.append(line);
}

function item(key, child, depth) {
  const name = el('span.key', {}, bdi(visible(key)));
  if (child === null || typeof child !== 'object' || Object.keys(child).length === 0) {
    return el('li', {}, name, tree(child, depth + 1));
  }
  const size = Object.keys(child).length;
  const details = el('details', {}, el('summary', {}, name, el('span.muted', {}, Array.isArray(child) ? `[${size}]` : `{${size}}`)));
  const open = () => {
    if (details.open && details.childElementCount === 1) details.append(tree(child, depth + 1));
  };
  details.addEventListener('toggle', open);
  if (depth < 2) {
    details.open = true;
    open();
  }
  return el('li', {}, details);
}

/** @param {unknown} value a string, number, boolean or null */
export function leaf(value) {
  if (typeof value !== 'string') return el('span', { class: `value ${typeof value}` }, String(value));
  const text = visible(value);
  if (text.length <= LONG) return el('span.value.string', {}, bdi(text));
  const shown = bdi(`${text.slice(0, LONG)}…`);
  const button = el('button.link', { type: 'button' }, `show all ${text.length} characters`);
  button.addEventListener('click', () => {
    shown.textContent = text;
    button.remove();
  });
  return el('span.value.string', {}, shown, ' ', button);
}
