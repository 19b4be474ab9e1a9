/**
 * Keeps the data key and seals records with it.
 *
 * The data key is random, AES-256-GCM. It is stored wrapped, once under the PIN and, if the customer wants it, once
 * under a passkey. Unlocked, it lives in memory as a key that cannot be exported, until the page locks.
 */

import { ITERATIONS, deriveFromPin, makePepper, mixIn } from '../pin.js';
import { claim, forget } from './attempts.js';
import { read, remove, transact, write } from './db.js';

const WRAP = 'AES-GCM';
const PASSKEY_CONTEXT = new TextEncoder().encode('jeung wallet passkey v1');

/** @typedef {{ iv: Uint8Array, wrapped: ArrayBuffer }} Wrapped */
/** @typedef {{ iv: Uint8Array, sealed: ArrayBuffer }} Sealed */

/** A try at the PIN must wait. */
export class MustWait extends Error {
  /** @param {number} waitMs */
  constructor(waitMs) {
    super('must wait');
    this.waitMs = waitMs;
  }
}

/** The PIN was wrong. */
export class WrongPin extends Error {}

/** Tell whether this device has a wallet. */
export async function exists() {
  return (await read('guards', 'pin')) !== undefined;
}

/**
 * Make the wallet of this device.
 * @param {string} pin
 * @returns {Promise<CryptoKey>} the data key.
 */
export async function create(pin) {
  const pepper = await makePepper();
  const dataKey = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']);
  const guard = await guardByPin(pin, pepper, dataKey);
  await transact(['guards'], 'readwrite', (tx) => {
    tx.objectStore('guards').put(pepper, 'pepper');
    // "add": a second tab that got here first keeps its wallet.
    tx.objectStore('guards').add(guard, 'pin');
  });
  return unlock(pin);
}

/**
 * @param {string} pin
 * @param {CryptoKey} pepper
 * @param {CryptoKey} dataKey one that may be wrapped.
 */
async function guardByPin(pin, pepper, dataKey) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const wrapper = await deriveFromPin(pin, salt, pepper, ITERATIONS);
  return { version: 1, salt, iterations: ITERATIONS, ...(await wrap(dataKey, wrapper)) };
}

/**
 * Try a PIN; the try is counted before it is made.
 * @param {string} pin
 * @param {boolean} [extractable] only to wrap the key anew.
 * @returns {Promise<CryptoKey>} the data key.
 * @throws {MustWait | WrongPin}
 */
export async function unlock(pin, extractable = false) {
  const waitMs = await claim();
  if (waitMs > 0) throw new MustWait(waitMs);
  const [guard, pepper] = await Promise.all([read('guards', 'pin'), read('guards', 'pepper')]);
  const wrapper = await deriveFromPin(pin, guard.salt, pepper, guard.iterations);
  const key = await unwrap(guard, wrapper, extractable).catch(() => null);
  if (key === null) throw new WrongPin();
  await forget();
  return key;
}

/**
 * Put another PIN in the old one's place.
 * @param {string} old
 * @param {string} pin
 */
export async function changePin(old, pin) {
  const dataKey = await unlock(old, true);
  await write('guards', 'pin', await guardByPin(pin, await read('guards', 'pepper'), dataKey));
}

/**
 * Let a passkey's secret unlock as well.
 * @param {string} pin
 * @param {{ credentialId: Uint8Array, salt: Uint8Array, secret: Uint8Array }} passkey
 */
export async function addPasskey(pin, { credentialId, salt, secret }) {
  const dataKey = await unlock(pin, true);
  const wrapper = await mixIn(await read('guards', 'pepper'), secret, PASSKEY_CONTEXT);
  await write('guards', 'passkey', { version: 1, credentialId, salt, ...(await wrap(dataKey, wrapper)) });
}

/** Give what finds the passkey again, undefined where there is none. */
export function passkeyGuard() {
  return read('guards', 'passkey');
}

/** Let the passkey unlock no more. */
export function dropPasskey() {
  return remove('guards', ['passkey']);
}

/**
 * Unlock with what the passkey gave.
 * @param {Uint8Array} secret
 */
export async function unlockWithPasskey(secret) {
  const [guard, pepper] = await Promise.all([read('guards', 'passkey'), read('guards', 'pepper')]);
  const key = await unwrap(guard, await mixIn(pepper, secret, PASSKEY_CONTEXT), false);
  await forget();
  return key;
}

/**
 * @param {CryptoKey} key
 * @param {CryptoKey} wrapper
 * @returns {Promise<Wrapped>}
 */
async function wrap(key, wrapper) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, wrapped: await crypto.subtle.wrapKey('raw', key, wrapper, { name: WRAP, iv }) };
}

/**
 * @param {Wrapped} stored
 * @param {CryptoKey} wrapper
 * @param {boolean} extractable
 */
function unwrap({ iv, wrapped }, wrapper, extractable) {
  const uses = /** @type {KeyUsage[]} */ (['encrypt', 'decrypt']);
  return crypto.subtle.unwrapKey('raw', wrapped, wrapper, { name: WRAP, iv }, 'AES-GCM', extractable, uses);
}

/**
 * Seal a record for one place; put elsewhere, it does not open.
 * @param {CryptoKey} dataKey
 * @param {string} place store and key.
 * @param {unknown} value anything JSON can say.
 * @returns {Promise<Sealed>}
 */
export async function seal(dataKey, place, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = new TextEncoder().encode(place);
  const plain = new TextEncoder().encode(JSON.stringify(value));
  return { iv, sealed: await crypto.subtle.encrypt({ name: WRAP, iv, additionalData }, dataKey, plain) };
}

/**
 * Open a record.
 * @param {CryptoKey} dataKey
 * @param {string} place
 * @param {Sealed} record
 * @returns {Promise<any>}
 */
export async function unseal(dataKey, place, { iv, sealed }) {
  const additionalData = new TextEncoder().encode(place);
  const plain = await crypto.subtle.decrypt({ name: WRAP, iv, additionalData }, dataKey, sealed);
  return JSON.parse(new TextDecoder().decode(plain));
}
