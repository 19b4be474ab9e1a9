// @ts-check
// Hold a receipt against what the holder was told before he showed anything: the request says under which registered
// profile it asks and for how long the record is kept, the register what that profile is for. A party that shows one
// purpose and signs another has signed that it did: such a receipt is kept, and the holder is told what is wrong.
import { isObject } from './json.js';

const PROFILE_FORMAT = 'urn:jeung:request-profile:1';
const DAY_S = 86_400;

/**
 * @typedef {{service: unknown, purpose: unknown, profileDigest: unknown}} Purpose what is no text was not said
 * @typedef {{asked: Purpose, registered: Purpose | null, keptForS: number | null}} Told what request and register said
 */

/**
 * Gather what a holder was told.
 * @param {Record<string, any>} claims the signed request
 * @param {Record<string, any> | null | undefined} profile the registered one that the holder was shown
 * @returns {Told}
 */
export function toldBy(claims, profile) {
  const infos = Array.isArray(claims.verifier_info) ? claims.verifier_info : [];
  const data = infos.find((one) => isObject(one) && one.format === PROFILE_FORMAT && isObject(one.data))?.data ?? {};
  return {
    asked: { service: data.profile, purpose: data.purpose, profileDigest: data.digest },
    registered: profile ? { service: profile.name, purpose: profile.purpose, profileDigest: profile.digest } : null,
    keptForS: Number.isSafeInteger(data.kept_for_s) && data.kept_for_s >= 0 ? data.kept_for_s : null,
  };
}

/**
 * Say where a receipt contradicts what was told.
 * @param {Record<string, any>} receipt its claims, times being integers
 * @param {Told} told
 * @param {boolean} accepted a refusal may have come before the purpose was known
 * @returns {string[]} concerns
 */
export function contradictions(receipt, { asked, registered, keptForS }, accepted) {
  const said = { service: receipt.service, purpose: receipt.purpose, profileDigest: receipt.profile_digest };
  const whole = !accepted || Object.values(said).every((one) => typeof one === 'string');
  const found = [];
  if (!whole || differs(said, asked) || (registered && differs(said, registered))) found.push('receipt_of_another_purpose');
  // Records go by the whole day, so the day they were made on comes on top.
  const most = keptForS === null ? Infinity : receipt.iat + DAY_S + keptForS;
  if (receipt.kept_until < receipt.iat || receipt.kept_until > most) found.push('receipt_kept_longer');
  return found;
}

/** @param {Record<string, unknown>} said @param {Record<string, unknown>} told */
function differs(said, told) {
  return Object.keys(said).some((name) => typeof said[name] === 'string' && typeof told[name] === 'string' && said[name] !== told[name]);
}
