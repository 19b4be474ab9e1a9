/** Keeps the customer's choices; nothing of it is secret. */

import { read, write } from './db.js';

/** @typedef {{ locale: 'ko' | 'en' | null, autoLockS: number }} Settings */

const KEY = 'choices';
export const AUTO_LOCK_S = [60, 180, 300, 600];
/** @type {Settings} */
const DEFAULTS = { locale: null, autoLockS: 180 };

/**
 * Read the choices.
 * @returns {Promise<Settings>}
 */
export async function readSettings() {
  return { ...DEFAULTS, ...(await read('settings', KEY)) };
}

/**
 * Change some choices.
 * @param {Partial<Settings>} changes
 */
export async function changeSettings(changes) {
  await write('settings', KEY, { ...(await readSettings()), ...changes });
}
