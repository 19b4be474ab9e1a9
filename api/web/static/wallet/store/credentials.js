/**
 * Keeps credentials, sealed. A batch of copies of one credential is one entry: the customer holds one card.
 *
 * Each copy is shown once while there are fresh ones, and counted before it leaves, so that a crash in between never
 * shows one twice by mistake.
 */

import { dataKey } from '../lib/session.js';
import { read, readAll, remove, write } from './db.js';
import { dropUnused, lettingKeysGo } from './receipt_keys.js';
import { seal, unseal } from './vault.js';

/** @typedef {{ text: string, keyId: string, shown: number }} Copy */
/**
 * @typedef {object} Held
 * @property {string} id
 * @property {number} at when it was received, milliseconds since 1970.
 * @property {string} issuer its URL.
 * @property {string} issuerName
 * @property {string} vct
 * @property {Record<string, any> | null} type the type metadata whose hash the issuer signed.
 * @property {Copy[]} copies
 */

/** @param {string} id */
const placeOf = (id) => `credentials/${id}`;

/** List what is held, newest first. @returns {Promise<Held[]>} */
export async function listHeld() {
  const key = dataKey();
  const records = await readAll('credentials');
  const held = await Promise.all(records.map((record) => unseal(key, placeOf(record.id), record)));
  return held.sort((a, b) => b.at - a.at);
}

/**
 * Give one entry, null where there is none.
 * @param {string} id
 * @returns {Promise<Held | null>}
 */
export async function readHeld(id) {
  const record = await read('credentials', id);
  return record ? unseal(dataKey(), placeOf(id), record) : null;
}

/**
 * Keep an entry.
 * @param {Omit<Held, 'id' | 'at'> & { id?: string, at?: number }} what
 * @returns {Promise<Held>}
 */
export async function keep(what) {
  const held = { ...what, id: what.id ?? crypto.randomUUID(), at: what.at ?? Date.now() };
  await write('credentials', held.id, { id: held.id, ...(await seal(dataKey(), placeOf(held.id), held)) });
  return held;
}

/**
 * Give the copy to show next: a fresh one, else the one shown least.
 * @param {Held} held
 */
export function nextCopy(held) {
  return held.copies.reduce((best, copy) => (copy.shown < best.shown ? copy : best));
}

/**
 * Count that a copy is about to be shown. One tab at a time does so: two must not take the same copy.
 * @param {string} id
 * @returns {Promise<Copy>} the copy that may be shown.
 */
export function takeCopy(id) {
  return navigator.locks.request('jeung-wallet-copies', async () => {
    const held = await readHeld(id);
    if (!held) throw Object.assign(new Error('gone'), { code: 'nothing_to_show' });
    const copy = nextCopy(held);
    copy.shown += 1;
    await keep(held);
    return copy;
  });
}

/**
 * Remove an entry and destroy the keys of its copies, but for those that a receipt can be asked about with.
 * @param {Held} held
 */
export function drop(held) {
  return lettingKeysGo(async () => {
    await remove('credentials', [held.id]);
    await dropUnused(held.copies.map((copy) => copy.keyId));
  });
}
