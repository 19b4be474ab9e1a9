/**
 * Says which device keys are still needed, and destroys the others. A key outlives its card for as long as the history
 * has a receipt that it can be asked about with: else nobody could ask any more what is recorded of him.
 */

import { dataKey } from '../lib/session.js';
import { readAll } from './db.js';
import { dropKeys } from './device_keys.js';
import { unseal } from './vault.js';

/**
 * Name the keys that entries of the history need.
 * @param {{ receipts?: { keyId: string }[] }[]} entries
 */
export function keysOf(entries) {
  return entries.flatMap(({ receipts = [] }) => receipts.map(({ keyId }) => keyId));
}

/**
 * Destroy those of some keys that neither a card nor a receipt needs.
 * @param {string[]} ids
 */
export async function dropUnused(ids) {
  if (ids.length === 0) return;
  const [held, entries] = await Promise.all([opened('credentials'), opened('history')]);
  const needed = new Set([...held.flatMap(({ copies }) => copies.map((/** @type {any} */ { keyId }) => keyId)), ...keysOf(entries)]);
  await dropKeys(ids.filter((id) => !needed.has(id)));
}

/** @param {'credentials' | 'history'} store */
async function opened(store) {
  const key = dataKey();
  return Promise.all((await readAll(store)).map((record) => unseal(key, `${store}/${record.id}`, record)));
}
