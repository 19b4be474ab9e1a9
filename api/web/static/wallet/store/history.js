/** Keeps what happened, sealed; it never leaves the device. The newest come first, the oldest make room. */

import { dataKey } from '../lib/session.js';
import { readAll, remove, write, read } from './db.js';
import { dropUnused, keysOf, openEach } from './receipt_keys.js';
import { seal, unseal } from './vault.js';

/** @typedef {'received' | 'presented' | 'declined' | 'refused' | 'failed' | 'removed'} Kind */
/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {number} at milliseconds since 1970.
 * @property {Kind} kind
 * @property {string} party who it was with, as its certificate or metadata name it.
 * @property {string} [clientId] what the party calls itself in the protocol.
 * @property {string} [purpose]
 * @property {string} [credential] the name of the credential.
 * @property {{ label: string, value: string }[]} [claims] what was shown.
 * @property {string[]} [transactions] what was confirmed with it.
 * @property {string} [code] why it failed.
 * @property {string} [register] the member whose list of relying parties was believed.
 * @property {import('../flows/receipts.js').Receipt[]} [receipts] what the party has signed of it.
 * @property {string[]} [concerns] what is wrong with the receipts that came, or did not.
 */

const LIMIT = 500;

/** List everything, newest first. @returns {Promise<Entry[]>} */
export async function listHistory() {
  const key = dataKey();
  const records = await readAll('history');
  const entries = await Promise.all(records.map((record) => unseal(key, `history/${record.id}`, record)));
  return entries.sort((a, b) => b.at - a.at);
}

/**
 * Give one entry, null where there is none.
 * @param {string} id
 * @returns {Promise<Entry | null>}
 */
export async function readEntry(id) {
  const record = await read('history', id);
  return record ? unseal(dataKey(), `history/${id}`, record) : null;
}

/**
 * Note what happened.
 * @param {Omit<Entry, 'id' | 'at'>} what
 * @returns {Promise<string>} the entry's id.
 */
export async function note(what) {
  const entry = { ...what, id: crypto.randomUUID(), at: Date.now() };
  await write('history', entry.id, { id: entry.id, at: entry.at, ...(await seal(dataKey(), `history/${entry.id}`, entry)) });
  const records = await readAll('history');
  const old = records.sort((a, b) => b.at - a.at).slice(LIMIT);
  if (old.length > 0) await forget(old);
  return entry.id;
}

/** Make room; an entry that cannot be opened goes as well, and holds nothing up. @param {any[]} records */
async function forget(records) {
  const { opened } = await openEach('history', records);
  await remove('history', records.map((record) => record.id));
  await dropUnused(keysOf(opened));
}

/** Forget everything that happened. */
export async function forgetHistory() {
  await forget(await readAll('history'));
}
