/**
 * Says which device keys are still needed, and destroys the others. A key outlives its card for as long as the history
 * has a receipt that it can be asked about with: else nobody could ask any more what is recorded of him.
 */

import { dataKey } from '../lib/session.js';
import { readAll } from './db.js';
import { dropKeys } from './device_keys.js';
import { unseal } from './vault.js';

const LOCK = 'jeung-wallet-keys';

/**
 * Let no other tab destroy keys while something is shown whose receipt may need one; several may show at once.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export function keepingKeys(work) {
  return navigator.locks.request(LOCK, { mode: 'shared' }, work);
}

/**
 * Remove what needs keys, once nothing is being shown.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export function lettingKeysGo(work) {
  return navigator.locks.request(LOCK, work);
}

/**
 * Name the keys that entries of the history need.
 * @param {{ receipts?: { keyId: string }[] }[]} entries
 */
export function keysOf(entries) {
  return entries.flatMap(({ receipts = [] }) => receipts.map(({ keyId }) => keyId));
}

/**
 * Destroy those of some keys that neither a card nor a receipt needs. While something cannot be opened they all stay: it
 * may need any of them, and what is destroyed cannot be brought back.
 * @param {string[]} ids
 */
export async function dropUnused(ids) {
  if (ids.length === 0) return;
  const [held, entries] = await Promise.all([openAll('credentials'), openAll('history')]);
  if (held.closed > 0 || entries.closed > 0) return;
  const ofCards = held.opened.flatMap(({ copies }) => copies.map((/** @type {any} */ { keyId }) => keyId));
  const needed = new Set([...ofCards, ...keysOf(entries.opened)]);
  await dropKeys(ids.filter((id) => !needed.has(id)));
}

/** @param {'credentials' | 'history'} store */
async function openAll(store) {
  return openEach(store, await readAll(store));
}

/**
 * Open what can be opened.
 * @param {'credentials' | 'history'} store
 * @param {any[]} records
 * @returns {Promise<{ opened: any[], closed: number }>} how many could not be.
 */
export async function openEach(store, records) {
  const key = dataKey();
  const tried = await Promise.allSettled(records.map((record) => unseal(key, `${store}/${record.id}`, record)));
  const opened = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return { opened, closed: tried.length - opened.length };
}
