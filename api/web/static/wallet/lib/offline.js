/** Has the service worker keep the page's own files, and tells when newer ones wait. */

const WORKER = '/wallet/sw.js';

/** @type {ServiceWorker | null} */
let waiting = null;
/** @type {() => void} */
let onNewer = () => {};

/** The one address a script may be loaded from by name; the content security policy allows no other way. */
function workerAddress() {
  const types = /** @type {any} */ (window).trustedTypes;
  if (!types) return WORKER;
  const policy = types.createPolicy('jeung-wallet', { createScriptURL: (/** @type {string} */ url) => (url === WORKER ? url : '') });
  return policy.createScriptURL(WORKER);
}

/** Register the worker. Without one the page works all the same, with a network. */
export async function keepOffline() {
  if (!('serviceWorker' in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register(workerAddress(), { scope: '/wallet' });
    note(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const coming = registration.installing;
      coming?.addEventListener('statechange', () => coming.state === 'installed' && note(registration.waiting));
    });
  } catch {
    // Private windows and old browsers refuse; nothing of the wallet depends on it.
  }
}

/** @param {ServiceWorker | null} worker */
function note(worker) {
  // Without a controller this is the first version, which nobody has to be asked about.
  if (!worker || !navigator.serviceWorker.controller) return;
  waiting = worker;
  onNewer();
}

/**
 * Hear of newer files; called at once where some wait already.
 * @param {() => void} listener
 */
export function whenNewer(listener) {
  onNewer = listener;
  if (waiting) listener();
}

/** Take the newer files and begin anew with them. */
export function renew() {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  waiting?.postMessage('renew');
}
