/** Writes times and claims as people read them. */

import { isText, locale, t } from './i18n.js';

/**
 * Write a time.
 * @param {number} milliseconds since 1970, UTC.
 */
export function moment(milliseconds) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(milliseconds);
}

/**
 * Write a day.
 * @param {number} seconds since 1970, UTC.
 */
export function day(seconds) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(seconds * 1000);
}

/**
 * Write a stretch of time that somebody has to wait.
 * @param {number} milliseconds
 */
export function waiting(milliseconds) {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  const parts = [];
  if (hours > 0) parts.push(t('time.hours', { n: hours }));
  if (minutes > 0) parts.push(t('time.minutes', { n: minutes }));
  if (rest > 0 && hours === 0) parts.push(t('time.seconds', { n: rest }));
  return parts.join(' ');
}

/**
 * Write the value of a claim, cut where it would fill the screen.
 * @param {unknown} value
 * @param {string | number} [name] the claim's own; one that ends in `_at` is a time in seconds, and a code that the
 *   page has a word for is shown as that word.
 * @returns {string}
 */
export function claimValue(value, name = '') {
  if (String(name).endsWith('_at') && Number.isSafeInteger(value)) return moment(Number(value) * 1000);
  if (value === true) return t('claim.yes');
  if (value === false) return t('claim.no');
  if (value === null || value === undefined) return '—';
  if (Array.isArray(value)) return cut(value.map((one) => claimValue(one, name)).join(', '));
  if (typeof value === 'object') return cut(Object.entries(value).map(([key, part]) => claimValue(part, key)).join(' · '));
  // A key and what guards its use are graded in the same words.
  const word = `value.${name === 'guard' ? 'storage' : name}.${value}`;
  return isText(word) ? t(word) : cut(String(value));
}

/**
 * @param {string} text
 */
function cut(text) {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/**
 * Give the part of an address that says whose it is.
 * @param {string} url
 */
export function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return url.slice(0, 80);
  }
}
