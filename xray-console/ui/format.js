// Figures as people read them; the server's pages write them the same way.

/** @param {number} seconds */
export function duration(seconds) {
  const millis = seconds * 1e3;
  if (millis < 0.9995) return `${(millis * 1e3).toFixed(0)} µs`;
  if (millis < 9.95) return `${millis.toFixed(1)} ms`;
  if (millis < 999.5) return `${millis.toFixed(0)} ms`;
  if (seconds < 59.995) return `${seconds.toFixed(2)} s`;
  if (seconds >= 1e8) return 'very long';
  const whole = Math.round(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ${Math.floor(whole / 60) % 60} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor(whole / 3_600) % 24} h`;
}

/** @param {number} perMinute */
export const rate = (perMinute) =>
  `${perMinute >= 10 || perMinute === 0 ? perMinute.toFixed(0) : perMinute.toFixed(1)}/min`;

/** @param {number} number */
export const count = (number) => number.toLocaleString('en-US');

/** @param {number} part @param {number} whole */
export const percent = (part, whole) => (whole === 0 ? '0 %' : `${((part / whole) * 100).toFixed(part && part < whole / 1000 ? 2 : 1)} %`);

/**
 * A time element: local time, and UTC on hover.
 * @param {number} seconds since 1970
 */
export function time(seconds) {
  const element = document.createElement('time');
  const date = new Date(seconds * 1e3);
  if (Number.isNaN(date.getTime()) || Math.abs(seconds) > 2.5e11) {
    element.textContent = 'no date';
    return element;
  }
  element.dateTime = date.toISOString();
  localTime(element);
  return element;
}

/**
 * Turns the UTC of a time element into local time, with its date unless that is today.
 * @param {HTMLTimeElement} element
 */
export function localTime(element) {
  const date = new Date(element.dateTime);
  const two = (number, width = 2) => String(number).padStart(width, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`;
  if (date.toDateString() === new Date().toDateString()) element.replaceChildren(time);
  else {
    const day = document.createElement('span');
    day.className = 'date';
    day.textContent = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} `;
    element.replaceChildren(day, time);
  }
  element.title = `${date.toLocaleString()} — UTC ${element.dateTime}`;
}

const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e007f}]/gu;

/**
 * Writes out the characters that hide or reorder text.
 * @param {string} text
 */
export const visible = (text) => text.replace(HIDDEN, (char) => `\\u{${char.codePointAt(0).toString(16)}}`);
