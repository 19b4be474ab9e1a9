// @ts-check
// Look up what has become of a credential since: Token Status List (draft-ietf-oauth-status-list section 8.3). The list
// is believed under its certificate, which must be made for the place it was served from; inflating it is bounded, for
// a few kilobytes could spell a terabyte.
import { decode } from './base64url.js';
import { SKEW_S, now as currentTime } from './crypto.js';
import { WalletError, demand } from './errors.js';
import { request, requireText } from './http.js';
import { parseJws, verifyJws } from './jose.js';
import { isObject } from './json.js';
import { readLeaf } from './trust.js';

export const STATUS_TYPE = 'application/statuslist+jwt';
const MAX_TOKEN = 2 ** 21;
const MAX_LIST = 2 ** 20;
const NAMES = ['valid', 'revoked', 'suspended'];

/** @typedef {'valid' | 'revoked' | 'suspended' | 'unknown'} Status */

/**
 * Read one status out of a list; 'unknown' is a value whose meaning we were not told.
 * @param {string} jwt
 * @param {{index: number, uri: string, authorityKeyId?: string | null}} reference with `authorityKeyId`, the list's
 *   certificate must be by that authority, as the credential's was
 * @param {number} [now] seconds UTC
 * @returns {Promise<Status>}
 * Throws `malformed_status_list`, `status_list_mismatch`, `status_list_expired`, and what a bad signature or
 * certificate throws: a list that does not hold says nothing, so nobody must take it for "valid".
 */
export async function readStatus(jwt, { index, uri, authorityKeyId }, now = currentTime()) {
  const jws = parseJws(jwt, { typ: 'statuslist+jwt', maxLength: MAX_TOKEN });
  const leaf = readLeaf(jws.header, now);
  if (!leaf) throw new WalletError('certificate_refused', 'the list names no signer');
  demand(leaf.dnsNames.includes(new URL(uri).hostname), 'certificate_name', "the list's signer is somebody else");
  const related = authorityKeyId === undefined || leaf.authorityKeyId === authorityKeyId;
  demand(related, 'status_list_mismatch', 'the list is vouched for by another authority');
  const { sub, iat, exp, status_list: list } = await verifyJws(jws, leaf.publicJwk);
  demand(sub === uri, 'status_list_mismatch', 'it is another list');
  const times = Number.isInteger(iat) && (exp === undefined || Number.isInteger(exp));
  demand(times && isObject(list), 'malformed_status_list', 'a claim is missing');
  const current = iat <= now + SKEW_S && (exp === undefined || exp + SKEW_S > now);
  demand(current, 'status_list_expired', 'it is not current');
  const value = await statusAt(list.bits, list.lst, index);
  return /** @type {Status} */ (NAMES[value] ?? 'unknown');
}

/**
 * Fetch the list a credential names and read its status; null where the credential names none.
 * @param {Record<string, any>} claims the credential's
 * @param {{now?: number, authorityKeyId?: string | null}} [options]
 * @returns {Promise<Status | null>}
 */
export async function fetchStatus(claims, { now, authorityKeyId } = {}) {
  const reference = claims.status?.status_list;
  if (reference === undefined) return null;
  const { idx: index, uri } = isObject(reference) ? reference : { idx: null, uri: null };
  demand(Number.isInteger(index) && index >= 0 && typeof uri === 'string', 'malformed_status_list', 'no reference');
  const answer = await request(uri, { accept: STATUS_TYPE, limitBytes: MAX_TOKEN });
  return readStatus(requireText(answer, STATUS_TYPE), { index, uri, authorityKeyId }, now);
}

/**
 * Read one status of a compressed list; the first status stands in the lowest bits of the first byte (section 4).
 * @param {unknown} bits
 * @param {unknown} lst
 * @param {number} index
 */
export async function statusAt(bits, lst, index) {
  const width = [1, 2, 4, 8].find((one) => one === bits);
  if (width === undefined || typeof lst !== 'string') throw new WalletError('malformed_status_list');
  const bytes = await inflate(decode(lst));
  const inside = Number.isSafeInteger(index) && index >= 0 && index < (bytes.length * 8) / width;
  demand(inside, 'status_list_mismatch', 'the index lies outside of the list');
  const place = index * width;
  return (bytes[Math.floor(place / 8)] >> (place % 8)) & ((1 << width) - 1);
}

/** @param {Uint8Array<ArrayBuffer>} compressed */
async function inflate(compressed) {
  const reader = new Blob([compressed]).stream().pipeThrough(new DecompressionStream('deflate')).getReader();
  const bytes = new Uint8Array(MAX_LIST);
  let size = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      demand(size + part.value.length <= MAX_LIST, 'malformed_status_list', 'larger than its bound');
      bytes.set(part.value, size);
      size += part.value.length;
    }
  } catch (failure) {
    await reader.cancel().catch(() => {});
    if (failure instanceof WalletError) throw failure;
    throw new WalletError('malformed_status_list', 'not one whole zlib stream');
  }
  return bytes.subarray(0, size);
}
