// Building elements without markup: every text of a trace goes in as text.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Creates an HTML element.
 * @param {string} name tag and classes, such as `td.number`
 * @param {Record<string, string | number | boolean | null | undefined | EventListener>} [attributes]
 *   functions become listeners; false, null and undefined are left out
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function el(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  return fill(document.createElement(tag), classes, attributes, children);
}

/**
 * Creates an SVG element, like {@link el}.
 * @returns {SVGElement}
 */
export function svg(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  return fill(document.createElementNS(SVG, tag), classes, attributes, children);
}

function fill(element, classes, attributes, children) {
  if (classes.length > 0) element.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === 'function') element.addEventListener(key, value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  for (const child of children) {
    if (child !== false && child !== null && child !== undefined) element.append(child);
  }
  return element;
}

/** @param {string} id */
export const byId = (id) => document.getElementById(id);

/**
 * Text of a trace, set apart from the direction of what surrounds it.
 * @param {string} text
 */
export const bdi = (text) => el('bdi', {}, text);

/**
 * Puts the pressed one of a group of buttons, and tells which.
 * @param {string} name the data attribute that holds each button's value
 * @param {(value: string) => void} chosen
 */
export function choice(name, chosen) {
  const buttons = [...document.querySelectorAll(`button[data-${name}]`)];
  for (const button of buttons) {
    button.addEventListener('click', () => {
      for (const other of buttons) other.toggleAttribute('aria-pressed', false);
      button.setAttribute('aria-pressed', 'true');
      chosen(button.dataset[name]);
    });
  }
}
