/**
 * Shows one view at a time, by the address behind the `#`.
 *
 * An offer or a request that came by link is taken out of the address at once: it must not stay in the history of
 * the browser. It waits in memory until the wallet is open.
 */

import { h, replace } from './dom.js';
import { t } from './i18n.js';
import { isOpen } from './session.js';
import { exists } from '../store/vault.js';
import { failureView } from '../parts/failure.js';
import { tabs } from '../parts/tabs.js';

/** @typedef {{ params: string[], signal: AbortSignal }} Context */
/** @typedef {{ default: (context: Context) => Node | Promise<Node> }} View */

/** @type {Record<string, () => Promise<View>>} */
const VIEWS = {
  welcome: () => import('../views/welcome.js'),
  unlock: () => import('../views/unlock.js'),
  home: () => import('../views/home.js'),
  add: () => import('../views/add.js'),
  offer: () => import('../views/offer.js'),
  callback: () => import('../views/callback.js'),
  request: () => import('../views/request.js'),
  credential: () => import('../views/credential.js'),
  history: () => import('../views/history.js'),
  receipt: () => import('../views/receipt.js'),
  settings: () => import('../views/settings.js'),
  pin: () => import('../views/change_pin.js'),
  erase: () => import('../views/erase.js'),
};
const TABS = new Set(['home', 'add', 'history', 'settings']);
const UNLOCKED_ONLY = new Set(Object.keys(VIEWS).filter((name) => !['welcome', 'unlock'].includes(name)));

/** @type {{ kind: 'offer' | 'request' | 'callback', text: string } | null} */
let arrived = null;
/** @type {AbortController | null} */
let leaving = null;
let wanted = '#/home';

/** Take what came by link; it can be taken once. */
export function takeArrived() {
  const taken = arrived;
  arrived = null;
  return taken;
}

/**
 * Hand over something to be shown by its own view, as if it had come by link.
 * @param {'offer' | 'request' | 'callback'} kind
 * @param {string} text
 */
export function arrive(kind, text) {
  arrived = { kind, text };
  go(`#/${kind}`);
}

/**
 * Go somewhere.
 * @param {string} address with `#/`.
 */
export function go(address) {
  if (location.hash === address) show();
  else location.hash = address;
}

/** Go back to where the customer wanted to be before the wallet asked for the PIN. */
export function goWanted() {
  const target = arrived ? `#/${arrived.kind}` : wanted;
  wanted = '#/home';
  go(target);
}

/** Read the address, taking out what a link brought. */
function readAddress() {
  const link = /^#(offer|request|callback)=(.{1,8192})$/s.exec(location.hash);
  const code = location.pathname.endsWith('/return') && location.search.length > 1;
  if (code) arrived = { kind: 'callback', text: location.href };
  else if (link) arrived = { kind: /** @type {any} */ (link[1]), text: decode(link[2]) };
  if (code || link) history.replaceState(null, '', `/wallet#/${arrived?.kind}`);
  const [name, ...params] = location.hash.replace(/^#\/?/, '').split('/');
  return { name: name in VIEWS ? name : 'home', params: params.map(decode) };
}

/**
 * @param {string} text
 */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Show what the address says, or what must come before it. */
export async function show() {
  leaving?.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  let { name, params } = readAddress();
  if (!(await exists())) name = 'welcome';
  else if (!isOpen() && UNLOCKED_ONLY.has(name)) {
    wanted = arrived ? `#/${arrived.kind}` : location.hash || '#/home';
    name = 'unlock';
  } else if (name === 'welcome' || (name === 'unlock' && isOpen())) name = 'home';
  const node = await draw(name, { params, signal });
  if (!signal.aborted) place(name, node);
}

/**
 * @param {string} name
 * @param {Context} context
 */
async function draw(name, context) {
  try {
    return await (await VIEWS[name]()).default(context);
  } catch (error) {
    return failureView(error, () => go('#/home'));
  }
}

/**
 * @param {string} name
 * @param {Node} node
 */
function place(name, node) {
  const main = /** @type {HTMLElement} */ (document.getElementById('main'));
  const app = /** @type {HTMLElement} */ (document.getElementById('app'));
  main.dataset.view = name;
  replace(main, h('div.view', { 'data-view': name }, node));
  app.querySelector('.tabs')?.remove();
  if (TABS.has(name)) app.append(tabs(name));
  main.scrollTo(0, 0);
  const heading = main.querySelector('h1');
  document.title = heading?.textContent ? `${heading.textContent} · ${t('app.title')}` : t('app.title');
  focusFirst(main);
}

/**
 * Let the keyboard begin at the new view: where something is to be typed, there, else at its heading.
 * @param {HTMLElement} main
 */
function focusFirst(main) {
  const target = main.querySelector('[data-focus]') ?? main.querySelector('h1') ?? main;
  if (!(target instanceof HTMLElement)) return;
  if (target.tagName === 'H1') target.tabIndex = -1;
  target.focus({ preventScroll: true });
}
