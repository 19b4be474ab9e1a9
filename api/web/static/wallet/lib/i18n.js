/** Gives the words of the page in the customer's language. */

import { EN } from '../i18n/en.js';
import { KO } from '../i18n/ko.js';

/** @typedef {keyof typeof KO} TextKey */
/** @typedef {'ko' | 'en'} Locale */

/** @type {Record<Locale, Record<string, string>>} */
const TEXTS = { ko: KO, en: EN };

/** @type {Locale} */
let current = 'ko';

/** Give the language in use. */
export function locale() {
  return current;
}

/**
 * Use a language from now on; the document says so too, for who hears it.
 * @param {string} wanted
 */
export function setLocale(wanted) {
  current = wanted === 'en' ? 'en' : 'ko';
  document.documentElement.lang = current;
  document.title = t('app.title');
}

/** Give the language the browser would like best. */
export function browserLocale() {
  const first = (navigator.languages ?? []).find((name) => /^(ko|en)\b/.test(name));
  return first?.startsWith('en') ? 'en' : 'ko';
}

/**
 * Give a text in the language in use.
 * @param {TextKey} key
 * @param {Record<string, string | number>} [values] stand for `{name}` in the text.
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = TEXTS[current][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * Tell whether there is a text under a key.
 * @param {string} key
 * @returns {key is TextKey}
 */
export function isText(key) {
  return Object.hasOwn(KO, key);
}
