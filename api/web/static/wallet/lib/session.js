/** Holds the data key while the wallet is open, and lets go of it when nobody touches the page for a while. */

/** @type {CryptoKey | null} */
let held = null;
let touchedAt = 0;
let limitMs = 180_000;
/** @type {number | undefined} */
let timer;
/** @type {(why: 'asked' | 'idle') => void} */
let onLock = () => {};

/**
 * Say what happens when the wallet locks.
 * @param {(why: 'asked' | 'idle') => void} listener
 */
export function whenLocked(listener) {
  onLock = listener;
}

/** Tell whether the wallet is open. */
export function isOpen() {
  return held !== null;
}

/** Give the data key; only views behind the lock ask. */
export function dataKey() {
  if (held === null) throw new Error('the wallet is locked');
  return held;
}

/**
 * Open the wallet.
 * @param {CryptoKey} key
 */
export function open(key) {
  held = key;
  touch();
}

/**
 * Lock it.
 * @param {'asked' | 'idle'} [why]
 */
export function lock(why = 'asked') {
  held = null;
  window.clearTimeout(timer);
  onLock(why);
}

/**
 * Set how long the page may lie untouched.
 * @param {number} seconds
 */
export function lockAfter(seconds) {
  limitMs = seconds * 1000;
  if (isOpen()) touch();
}

/** Note that somebody is there. */
export function touch() {
  if (!isOpen()) return;
  touchedAt = Date.now();
  window.clearTimeout(timer);
  timer = window.setTimeout(() => lock('idle'), limitMs);
}

/** A sleeping phone runs no timers: look at the clock when the page is seen again. */
function look() {
  if (document.visibilityState === 'visible' && isOpen() && Date.now() - touchedAt >= limitMs) lock('idle');
}

/** Watch for hands on the page. */
export function watch() {
  for (const kind of ['pointerdown', 'keydown']) document.addEventListener(kind, touch, { passive: true });
  document.addEventListener('visibilitychange', look);
  window.addEventListener('pageshow', look);
}
