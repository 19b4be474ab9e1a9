/** Speaks to the browser's database. One database holds all; every act is one transaction. */

const NAME = 'jeung-wallet';
const VERSION = 1;
/** @typedef {'settings' | 'guards' | 'keys' | 'credentials' | 'history' | 'pending'} StoreName */
/** @type {StoreName[]} */
const STORES = ['settings', 'guards', 'keys', 'credentials', 'history', 'pending'];

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** Open the database once. */
function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      for (const name of STORES) asked.result.createObjectStore(name);
    };
    asked.onsuccess = () => {
      // Another tab that erases everything must not wait for this one.
      asked.result.onversionchange = () => {
        asked.result.close();
        opened = null;
      };
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/**
 * Run one transaction; what `work` gives last is the answer, once all of it is written.
 * @template T
 * @param {StoreName[]} stores
 * @param {IDBTransactionMode} mode
 * @param {(tx: IDBTransaction, give: (value: T) => void) => void} work
 * @returns {Promise<T>}
 */
export async function transact(stores, mode, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    // "strict": an attempt that was counted stays counted when the power goes.
    const tx = database.transaction(stores, mode, { durability: 'strict' });
    /** @type {any} */
    let answer;
    tx.oncomplete = () => resolve(answer);
    tx.onerror = () => reject(tx.error);
    tx.onabort = () => reject(tx.error ?? new DOMException('aborted', 'AbortError'));
    work(tx, (value) => {
      answer = value;
    });
  });
}

/**
 * Read one value, undefined where there is none.
 * @param {StoreName} store
 * @param {string} key
 * @returns {Promise<any>}
 */
export function read(store, key) {
  return transact([store], 'readonly', (tx, give) => {
    const asked = tx.objectStore(store).get(key);
    asked.onsuccess = () => give(asked.result);
  });
}

/**
 * Read everything of a store, in the order of the keys.
 * @param {StoreName} store
 * @returns {Promise<any[]>}
 */
export function readAll(store) {
  return transact([store], 'readonly', (tx, give) => {
    const asked = tx.objectStore(store).getAll();
    asked.onsuccess = () => give(asked.result);
  });
}

/**
 * Write one value.
 * @param {StoreName} store
 * @param {string} key
 * @param {any} value
 * @returns {Promise<void>}
 */
export function write(store, key, value) {
  return transact([store], 'readwrite', (tx) => tx.objectStore(store).put(value, key));
}

/**
 * Remove some values.
 * @param {StoreName} store
 * @param {string[]} keys
 * @returns {Promise<void>}
 */
export function remove(store, keys) {
  return transact([store], 'readwrite', (tx) => keys.forEach((key) => tx.objectStore(store).delete(key)));
}

/** Empty every store: keys, credentials, history, settings. Nothing of it can be brought back. */
export function eraseEverything() {
  return transact(STORES, 'readwrite', (tx) => STORES.forEach((name) => tx.objectStore(name).clear()));
}
