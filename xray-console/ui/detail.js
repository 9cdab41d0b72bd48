// The panel beside the waterfall: everything known of one segment or subsegment, by tab.

import { bdi, el } from './dom.js';
import { duration, time, visible } from './format.js';
import { leaf, tree } from './tree.js';

const LABELS = {
  overview: 'Overview',
  resources: 'Resources',
  sql: 'SQL',
  annotations: 'Annotations',
  metadata: 'Metadata',
  exceptions: 'Exceptions',
  raw: 'Raw',
};
/** Fields with a place of their own; the overview lists the others. */
const PLACED = new Set(['annotations', 'metadata', 'sql', 'cause', 'http', 'aws', 'service', 'subsegments', 'start_time', 'end_time', 'name']);

let chosen = 'overview';

/** @param {HTMLElement} panel @param {string} text */
export const wait = (panel, text) => panel.replaceChildren(el('p.muted.wait', {}, text));

/**
 * @param {HTMLElement} panel
 * @param {{ detail: { entity: any, raw: string }, exceptions: any[] | null, cause_span: string | null }} answer
 * @param {{ service: string, class: string, find: (key: string) => (() => void) | null }} context
 */
export function showDetail(panel, answer, context) {
  const { entity, raw } = answer.detail;
  const exceptions = list(entity.cause?.exceptions).concat(list(answer.exceptions));
  const size = (value) => (value && typeof value === 'object' ? Object.keys(value).length : 0);
  const tabs = {
    overview: { count: null, body: () => overview(entity, context) },
    resources: { count: size(entity.http) + size(entity.aws) + size(entity.service), body: () => resources(entity) },
    sql: { count: size(entity.sql), body: () => sql(entity.sql) },
    annotations: { count: size(entity.annotations), body: () => pairs(entity.annotations) },
    metadata: { count: size(entity.metadata), body: () => tree(entity.metadata) },
    exceptions: { count: exceptions.length + (entity.cause && exceptions.length === 0 ? 1 : 0), body: () => causes(entity.cause, exceptions, answer.cause_span, context) },
    raw: { count: null, body: () => el('pre.raw', {}, bdi(visible(raw))) },
  };
  const body = el('div.tab-body', { role: 'tabpanel', tabindex: 0 });
  const bar = el('div.tab-bar', { role: 'tablist' });
  const open = (key) => {
    for (const tab of bar.children) tab.setAttribute('aria-selected', String(tab.dataset.tab === key));
    body.replaceChildren(tabs[key].body());
  };
  for (const [key, { count }] of Object.entries(tabs)) {
    const button = el('button', { type: 'button', role: 'tab', 'data-tab': key, disabled: count === 0 }, LABELS[key], count ? el('span.count', {}, count) : null);
    button.addEventListener('click', () => open((chosen = key)));
    bar.append(button);
  }
  panel.replaceChildren(
    el('header', {}, el('div', {}, el('h2', {}, bdi(visible(String(entity.name ?? '')))), el('p.muted', {}, bdi(context.service))), el('span', { class: `badge ${context.class}` }, context.class)),
    bar,
    body,
  );
  open(tabs[chosen].count === 0 ? 'overview' : chosen);
}

const list = (value) => (Array.isArray(value) ? value : []);
const row = (key, value) => [el('dt', {}, bdi(visible(key))), el('dd', {}, value instanceof Node ? value : tree(value))];
const pairs = (value) => el('dl.pairs', {}, ...Object.entries(value ?? {}).flatMap(([key, child]) => row(key, child)));

function overview(entity, context) {
  const times = [];
  if (typeof entity.start_time === 'number') times.push(...row('start', time(entity.start_time)));
  if (typeof entity.end_time === 'number') {
    times.push(...row('end', time(entity.end_time)), ...row('duration', el('b', {}, duration(Math.max(0, entity.end_time - entity.start_time)))));
  } else times.push(...row('state', el('span.pending', {}, 'in progress')));
  const others = Object.entries(entity).filter(([key]) => !PLACED.has(key));
  const http = [];
  for (const [key, value] of [['method', entity.http?.request?.method], ['url', entity.http?.request?.url], ['status', entity.http?.response?.status]]) {
    if (value !== undefined) http.push(...row(key, value));
  }
  return el('dl.pairs', {}, ...row('service', bdi(context.service)), ...http, ...times, ...others.flatMap(([key, value]) => row(key, value)));
}

function resources(entity) {
  const parts = [['HTTP request', entity.http?.request], ['HTTP response', entity.http?.response], ['AWS', entity.aws], ['Service', entity.service]];
  const known = parts.filter(([, value]) => value && typeof value === 'object');
  return el('div', {}, ...known.flatMap(([title, value]) => [el('h3', {}, title), pairs(value)]));
}

function sql(value) {
  const { sanitized_query: statement, ...rest } = value ?? {};
  return el('div', {}, typeof statement === 'string' ? el('pre.statement', {}, bdi(visible(statement))) : null, pairs(rest));
}

/** The exceptions, each followed by the one that caused it. */
function causes(cause, exceptions, span, context) {
  const out = el('div');
  if (exceptions.length === 0) {
    const go = span && context.find(span);
    const text = typeof cause === 'string' ? visible(cause) : '';
    out.append(el('p', {}, 'Described elsewhere in this trace. ', go ? el('button.link', { type: 'button', click: go }, 'Go there') : text));
  }
  const described = new Set(exceptions.map((exception) => exception?.cause).filter(Boolean));
  const byId = new Map(exceptions.map((exception) => [exception?.id, exception]));
  const left = new Set(exceptions);
  const chain = (exception, label) => {
    while (exception && left.delete(exception)) {
      out.append(one(exception, label));
      exception = byId.get(exception.cause);
      label = 'caused by';
    }
  };
  for (const exception of exceptions) if (!described.has(exception?.id)) chain(exception, null);
  for (const exception of exceptions) chain(exception, null);
  if (cause?.working_directory) out.append(el('dl.pairs', {}, ...row('working directory', cause.working_directory)));
  return out;
}

function one(exception, label) {
  const { type, message, stack, remote, truncated, skipped } = exception ?? {};
  const frames = list(stack).map((frame) =>
    el('li', {}, el('span.label', {}, bdi(visible(String(frame?.label ?? '?')))), ' ', el('span.muted', {}, bdi(visible(`${frame?.path ?? ''}${frame?.line ? `:${frame.line}` : ''}`)))),
  );
  if (truncated) frames.push(el('li.muted', {}, `${Number(truncated)} more frames`));
  return el(
    'section.exception',
    {},
    label ? el('p.muted', {}, label) : null,
    el('h3', {}, bdi(visible(String(type ?? 'exception'))), remote ? el('span.tag', {}, 'remote') : null),
    el('p.message', {}, leaf(String(message ?? ''))),
    frames.length > 0 ? el('ol.stack', {}, ...frames) : null,
    skipped ? el('p.muted', {}, `${Number(skipped)} exceptions left out`) : null,
  );
}
