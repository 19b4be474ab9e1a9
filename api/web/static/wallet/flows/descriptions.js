/** Reads what issuers say of themselves and of their credentials, in the customer's language. */

import { locale } from '../lib/i18n.js';

const MAX_TEXT = 200;
const MAX_CLAIMS = 64;

/**
 * Take the entry of the language in use, else the first.
 * @param {unknown} display
 * @param {string} name
 * @returns {string}
 */
export function inLanguage(display, name) {
  const entries = Array.isArray(display) ? display.filter((one) => typeof one === 'object' && one !== null) : [];
  const fitting = entries.find((one) => String(one.locale ?? one.lang ?? '').startsWith(locale())) ?? entries[0];
  const value = fitting?.[name];
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}

/**
 * Describe a credential that an issuer offers (OpenID4VCI 1.0, section 12.2.4 and appendix B).
 * @param {string} id
 * @param {Record<string, any>} configuration
 */
export function describeConfiguration(id, configuration) {
  const { display, claims } = configuration.credential_metadata ?? {};
  const listed = (Array.isArray(claims) ? claims : []).slice(0, MAX_CLAIMS).filter((/** @type {any} */ one) => Array.isArray(one?.path));
  // A claim that holds others is named by them.
  const leaves = listed.filter((one) => !listed.some((other) => other !== one && one.path.every((/** @type {any} */ step, /** @type {number} */ at) => other.path[at] === step)));
  return {
    id,
    name: inLanguage(display, 'name') || id,
    description: inLanguage(display, 'description'),
    background: inLanguage(display, 'background_color') || undefined,
    text: inLanguage(display, 'text_color') || undefined,
    claims: leaves.map((one) => inLanguage(one.display, 'name') || String(one.path.at(-1)).slice(0, MAX_TEXT)),
  };
}
