/** Writes what a presentation confirms (OpenID4VP 1.0, section 8.4) as people read it: every value, nothing left out. */

import { claimValue } from '../lib/format.js';
import { isText, t } from '../lib/i18n.js';

const HIDDEN = new Set(['type', 'credential_ids', 'transaction_data_hashes_alg']);
const MAX_LINES = 32;

/**
 * @param {{ type: string, data: Record<string, any> }} transaction
 * @returns {{ title: string, lines: string[][] }}
 */
export function transactionLines({ type, data }) {
  /** @type {string[][]} */
  const lines = [];
  walk('', data, lines);
  return { title: nameOf('transaction', type), lines: lines.slice(0, MAX_LINES) };
}

/**
 * @param {string} name
 * @param {any} value
 * @param {string[][]} lines
 */
function walk(name, value, lines) {
  if (typeof value !== 'object' || value === null) lines.push([nameOf('field', name), written(value)]);
  else for (const [key, part] of Object.entries(value)) if (name !== '' || !HIDDEN.has(key)) walk(Array.isArray(value) ? name : key, part, lines);
}

/** @param {unknown} value */
function written(value) {
  return typeof value === 'number' ? new Intl.NumberFormat().format(value) : claimValue(value);
}

/** @param {string} group @param {string} name */
function nameOf(group, name) {
  // `urn:…:payment:1` and `https://…/payment` are both spoken of as a payment.
  const key = `${group}.${name.replace(/:\d+$/, '').replace(/^.*[:/]/s, '')}`;
  return isText(key) ? t(key) : name.slice(0, 100);
}
