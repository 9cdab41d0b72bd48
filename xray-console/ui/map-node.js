// One node of the map: a ring of outcomes, figures inside, its name below.

import { svg } from './dom.js';
import { count, duration, rate } from './format.js';

export const CLASSES = ['ok', 'error', 'throttle', 'fault'];

/** Outlines of 16 by 16, by what the node is. */
const ICONS = {
  client: 'M8 8.2a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.6 14.2c.5-2.9 2.6-4.5 5.4-4.5s4.9 1.6 5.4 4.5',
  service: 'M8 1.6 13.6 4.800v6.400L8 14.4 2.4 11.200V4.800ZM2.6 4.9 8 8m5.4-3.100L8 8m0 0v6.2',
  database: 'M2.8 3.900c0-1.2 2.3-2.1 5.2-2.100s5.2.9 5.2 2.100S10.9 6 8 6 2.8 5.1 2.8 3.900Zm0 0v8.200c0 1.2 2.3 2.1 5.2 2.100s5.2-.9 5.2-2.100V3.900M2.8 8c0 1.2 2.3 2.1 5.2 2.100s5.2-.9 5.2-2.1',
  queue: 'M1.6 4.200h3.600v7.600H1.600Zm4.8 0h3.600v7.600H6.400Zm4.8 0h3.200v7.600h-3.2',
  aws: 'M4.6 12.600a3.1 3.1 0 0 1-.3-6.2 4 4 0 0 1 7.7.9 2.7 2.7 0 0 1-.4 5.300Z',
  remote: 'M8 14.200A6.2 6.2 0 1 0 8 1.800a6.2 6.2 0 0 0 0 12.400ZM1.9 8h12.200M8 1.800c2 1.7 2.6 3.9 2.6 6.200S10 12.5 8 14.200C6 12.5 5.4 10.3 5.4 8S6 3.5 8 1.800Z',
};

/**
 * What a node is, for its icon.
 * @param {string | null} type
 */
function kindOf(type) {
  if (type === null) return 'service';
  if (type === 'client' || type === 'remote') return type;
  if (/database|dynamodb|rds/i.test(type)) return 'database';
  if (/sqs|sns|queue|kinesis|events/i.test(type)) return 'queue';
  if (/^AWS::(EC2|ECS|EKS|ElasticBeanstalk|Lambda|AppRunner)/.test(type)) return 'service';
  return type.startsWith('AWS::') ? 'aws' : 'service';
}

/** The words under a node's name. @param {string | null} type */
export const typeWords = (type) => type ?? 'service';

/** What a node is called, in words: a group of clients goes by the service it calls. */
export const nameWords = ({ name, type }) => (type === 'client' ? `Clients of ${name}` : name);

/** A queue goes by its URL, of which the last part says most. */
const label = ({ name, type }) => (type === 'AWS::SQS::Queue' ? name.split('/').at(-1) || name : name);

const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/**
 * Draws a node at 0, 0.
 * @param {any} node
 * @param {number} radius
 * @param {string} metric
 */
export function drawNode(node, radius, metric) {
  const kind = kindOf(node.type);
  const client = kind === 'client';
  const group = svg('g.node', {
    'data-node': node.name,
    'data-type': node.type ?? '',
    'data-kind': kind,
    tabindex: 0,
    role: 'button',
    'aria-label': says(node, metric),
  });
  group.append(
    svg('circle.halo', { r: radius + 7 }),
    svg('circle.face', { r: radius }),
    ...ring(node.stats, radius - 3.5, client),
    icon(kind, client ? 1.5 : 0.9, client ? 0 : -15),
  );
  if (!client) {
    const idle = node.stats.total === 0;
    group.append(
      svg('text.figure', { y: 5 }, idle ? '–' : duration(node.stats[metric])),
      svg('text.rate', { y: 18 }, rate(node.stats.per_minute)),
    );
  }
  group.append(
    svg('text.name', { y: radius + 20 }, client ? 'Clients' : cut(label(node), 26)),
    svg('text.type', { y: radius + 35 }, client ? `of ${cut(node.name, 22)}` : cut(typeWords(node.type), 28)),
    svg('title', {}, says(node, metric)),
  );
  return group;
}

function icon(kind, scale, y) {
  const half = 8 * scale;
  return svg('path.icon', { d: ICONS[kind], transform: `translate(${-half} ${y - half}) scale(${scale})` });
}

/** The arcs stand in a fixed order, so that they can be told without colour. */
function ring(stats, radius, client) {
  const length = 2 * Math.PI * radius;
  const base = svg('circle.ring', { r: radius, class: client || stats.total === 0 ? 'ring idle' : 'ring' });
  const arcs = [base];
  let before = 0;
  for (const name of CLASSES) {
    const share = stats.total === 0 ? 0 : stats[name] / stats.total;
    if (share === 0) continue;
    // A single fault among thousands must still be seen.
    const shown = Math.max(share, 0.02) * length;
    arcs.push(
      svg('circle', {
        class: `arc ${name}`,
        r: radius,
        'stroke-dasharray': `${shown} ${length - shown}`,
        'stroke-dashoffset': -before * length,
        transform: 'rotate(-90)',
      }),
    );
    before += share;
  }
  return arcs;
}

function says(node, metric) {
  if (node.type === 'client') return nameWords(node);
  const { stats } = node;
  const failed = CLASSES.slice(1).filter((name) => stats[name] > 0).map((name) => `${count(stats[name])} ${name}`);
  const figures = stats.total === 0 ? 'no completed requests' : `${duration(stats[metric])}, ${rate(stats.per_minute)}`;
  return [`${node.name}, ${typeWords(node.type)}`, figures, ...failed].join(', ');
}
