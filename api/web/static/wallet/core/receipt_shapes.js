// @ts-check
// What a receipt or a statement must look like to be shown: else whoever wrote it could keep the holder from his own
// history.
import { isObject } from './json.js';

/** The last second that JavaScript has a date for. */
const LAST_TIME = 8_640_000_000_000;
const TEXTS = ['iss', 'jti', 'service', 'contact', 'commitment', 'reference'];
const TEXTS_OR_NULL = ['purpose', 'profile_digest'];

/** @param {Record<string, any>} claims */
export function isReceipt(claims) {
  return TEXTS.every((name) => typeof claims[name] === 'string')
    && TEXTS_OR_NULL.every((name) => claims[name] === null || typeof claims[name] === 'string')
    && isTime(claims.kept_until);
}

/** @param {unknown} record what a statement says of it */
export function isRecord(record) {
  if (!isObject(record) || !isTime(record.recorded_at) || !isTime(record.kept_until)) return false;
  return record.claims === null || isNames(record.claims);
}

/** @param {unknown} value @returns {value is number} */
function isTime(value) {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= LAST_TIME;
}

/** @param {unknown} value */
export function isNames(value) {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}
