/**
 * Counts tries at the PIN, each before it is made, so that closing the page does not win a try.
 *
 * Delays grow and never become a lock for good; nothing is ever erased for wrong tries, or a child with the phone in
 * its hand could destroy an identity.
 */

import { transact } from './db.js';

const KEY = 'attempts';
const FREE = 3;
const MINUTE = 60_000;
const DELAYS = [30_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE];

/** @typedef {{ made: number, at: number }} Attempts */

/**
 * Give how long must be waited after so many wrong tries, in milliseconds.
 * @param {number} made
 */
export function delayAfter(made) {
  if (made < FREE) return 0;
  return DELAYS[Math.min(made - FREE, DELAYS.length - 1)];
}

/**
 * Give what is left of the delay. A clock that was set back wins nothing but the whole delay once more.
 * @param {Attempts | undefined} attempts
 * @param {number} now
 */
function left(attempts, now) {
  if (!attempts) return 0;
  const delay = delayAfter(attempts.made);
  return now < attempts.at ? delay : Math.max(0, attempts.at + delay - now);
}

/** Give how long the next try must wait, in milliseconds, and how many wrong ones there were. */
export async function waitLeft() {
  const attempts = await transact(['guards'], 'readonly', (tx, give) => {
    const asked = tx.objectStore('guards').get(KEY);
    asked.onsuccess = () => give(asked.result);
  });
  return { waitMs: left(attempts, Date.now()), made: attempts?.made ?? 0 };
}

/**
 * Count one try, or refuse it: reading and counting are one transaction, so two tabs cannot share one try.
 * @returns {Promise<number>} what must still be waited, in milliseconds; 0 if the try was counted and may be made.
 */
export function claim() {
  return transact(['guards'], 'readwrite', (tx, give) => {
    const store = tx.objectStore('guards');
    const asked = store.get(KEY);
    asked.onsuccess = () => {
      const now = Date.now();
      const wait = left(asked.result, now);
      if (wait > 0) {
        // Where the clock was set back, the delay begins anew from what it shows now.
        if (now < asked.result.at) store.put({ ...asked.result, at: now }, KEY);
        return give(wait);
      }
      store.put({ made: (asked.result?.made ?? 0) + 1, at: now }, KEY);
      return give(0);
    };
  });
}

/** Forget the wrong tries after a right one. */
export function forget() {
  return transact(['guards'], 'readwrite', (tx) => tx.objectStore('guards').delete(KEY));
}
