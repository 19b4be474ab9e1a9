/**
 * Makes and keeps the keys of this device: ECDSA P-256, one for each copy of a credential. The browser never gives a
 * private key out (W3C Web Cryptography, section 13), not to this page either: it can only be asked to sign.
 */

import { read, remove, transact } from './db.js';

/** @typedef {{ id: string, privateKey: CryptoKey, publicJwk: Record<string, any> }} DeviceKey */

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };

/**
 * Make some keys and keep them.
 * @param {number} count
 * @returns {Promise<DeviceKey[]>}
 */
export async function makeKeys(count) {
  const made = await Promise.all(Array.from({ length: count }, makeKey));
  await transact(['keys'], 'readwrite', (tx) => made.forEach((key) => tx.objectStore('keys').put(key, key.id)));
  return made;
}

/** @returns {Promise<DeviceKey>} */
async function makeKey() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ALGORITHM, false, ['sign']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  return { id: crypto.randomUUID(), privateKey, publicJwk: { kty, crv, x, y } };
}

/**
 * Give keys by their ids, in the same order.
 * @param {string[]} ids
 * @returns {Promise<DeviceKey[]>}
 */
export function readKeys(ids) {
  return Promise.all(ids.map((id) => read('keys', id)));
}

/**
 * Destroy keys.
 * @param {string[]} ids
 */
export function dropKeys(ids) {
  return remove('keys', ids);
}
