/**
 * Keeps the page's own files, all of one version together, so that the wallet opens without a network.
 *
 * The server writes VERSION and FILES in front of this. Nothing else is ever kept: what issuers and verifiers answer
 * does not pass through here, and no credential does.
 */
/* global VERSION, FILES */

const PREFIX = 'jeung-wallet-';
const CACHE = PREFIX + VERSION;
const SHELL = '/wallet';
const OPENED_BY = new Set(['/wallet', '/wallet/return']);

self.addEventListener('install', (event) => {
  event.waitUntil(keepAll());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

self.addEventListener('message', (event) => {
  // The page asks for this when the customer agreed; versions are never mixed under an open page.
  if (event.data === 'renew') self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate' && OPENED_BY.has(url.pathname)) event.respondWith(kept(SHELL, request));
  else if (FILES.includes(url.pathname)) event.respondWith(kept(url.pathname, request));
});

/** Keep every file of this version; one that is missing fails the whole, and the older version stays. */
async function keepAll() {
  const cache = await caches.open(CACHE);
  await cache.addAll([SHELL, ...FILES].map((path) => new Request(path, { cache: 'reload' })));
}

/** Drop the files of other versions. */
async function forgetOthers() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/**
 * Give what is kept, else what the network has.
 * @param {string} path where it is kept.
 * @param {Request} request what was asked.
 */
async function kept(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}
