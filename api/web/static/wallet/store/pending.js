/** Keeps what is under way while the customer is elsewhere: at an issuer's page, or waiting for an issuer. Sealed. */

import { dataKey } from '../lib/session.js';
import { read, readAll, remove, write } from './db.js';
import { seal, unseal } from './vault.js';

/**
 * Keep something under a name; what was there is gone.
 * @param {string} id
 * @param {object} value
 */
export async function keepPending(id, value) {
  await write('pending', id, { id, ...(await seal(dataKey(), `pending/${id}`, { ...value, id })) });
}

/**
 * Take something out; it can be taken once.
 * @param {string} id
 * @returns {Promise<any>} null where there is nothing.
 */
export async function takePending(id) {
  const record = await read('pending', id);
  if (!record) return null;
  await remove('pending', [id]);
  return unseal(dataKey(), `pending/${id}`, record);
}

/** List what waits. @returns {Promise<any[]>} */
export async function listPending() {
  const key = dataKey();
  return Promise.all((await readAll('pending')).map((record) => unseal(key, `pending/${record.id}`, record)));
}
