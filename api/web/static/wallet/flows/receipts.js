/** Keeps the signed receipts of what was shown, and asks those who gave them what they recorded. */

import { askAbout, judgeReceipts } from '../core/receipts.js';
import { promiseOf } from '../core/registry.js';
import { toldBy } from '../core/told.js';
import { readKeys } from '../store/device_keys.js';

/**
 * @typedef {object} Receipt a signed receipt as the history keeps it.
 * @property {string} text
 * @property {Record<string, any>} claims what it says.
 * @property {string} binding the key-binding JWT it is about.
 * @property {string} keyId the device key it can be asked about with.
 * @property {boolean} vouched whether the register knew its key.
 */

/**
 * Judge what came with an answer.
 * @param {unknown} texts
 * @param {{ text: string, keyId: string }[]} shown
 * @param {{ clientId: string, nonce: string, claims: Record<string, any> }} request
 * @param {any} registration
 * @param {boolean} accepted
 * @returns {Promise<{ receipts: Receipt[], concerns: string[] }>}
 */
export async function keepReceipts(texts, shown, { clientId, nonce, claims }, registration, accepted) {
  const promised = registration?.known ? { urls: registration.urls, receiptKeys: registration.receiptKeys } : null;
  const sent = shown.map(({ text }, place) => ({ text, audience: clientId, nonce, place }));
  const { kept, concerns } = await judgeReceipts(texts, sent, promised, { accepted, told: toldBy(claims, registration?.profile) });
  const receipts = kept.map(({ place, ...receipt }) => ({ ...receipt, keyId: shown[place].keyId }));
  return { receipts, concerns };
}

/**
 * Ask who gave a receipt what is recorded about it.
 * @param {Receipt} receipt
 * @param {string | undefined} register the member whose list of relying parties is believed.
 */
export async function ask(receipt, register) {
  const [key] = await readKeys([receipt.keyId]);
  // Where it went with its card, as keys once did, nobody can prove any more whose receipt it is.
  if (!key) throw Object.assign(new Error('gone'), { code: 'receipt_key_gone' });
  return askAbout(receipt, key, register ? await promiseOf(register, receipt.claims.iss) : null);
}
