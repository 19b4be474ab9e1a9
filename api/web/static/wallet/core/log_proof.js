// @ts-check
// Verify that a checkpoint commits to the record that a receipt names (RFC 9162 section 2.1.3.2, C2SP tlog-checkpoint).
// The entry is written here from the receipt, so nothing that a statement says of it has to be believed. Where the
// register names keys of the log, one of them must have signed the checkpoint. Whether others hold the same one, an
// audit judges.
import { decode, decodeStandard } from './base64url.js';
import { sha256, utf8 } from './crypto.js';
import { demand } from './errors.js';
import { isObject } from './json.js';
import { readNote, verifySigner } from './log_note.js';

const CODE = 'receipt_statement';
const HASH_BYTES = 32;
/** A tree of more levels has no place for its size. */
const MAX_HASHES = 53;
const MAX_CHECKPOINT = 16_384;
const HOUR_S = 3_600;
const EPOCH = /^[1-9][0-9]{0,9}$/;

/**
 * Verify the inclusion that a statement shows.
 * @param {unknown} inclusion `origin`, `index`, `size`, `hashes`, `checkpoint`, `key`
 * @param {Record<string, any>} receipt the receipt's claims
 * @param {string[]} logKeys thumbprints that the register lists for the log; none where it names none
 * @returns {Promise<'signed' | 'shown'>} whether the checkpoint's signature was verified as well: not without a register,
 *   nor in a browser without Ed25519
 * Throws `receipt_statement`, or `malformed_base64url`, where it does not hold.
 */
export async function verifyLogged(inclusion, receipt, logKeys) {
  demand(isObject(inclusion), CODE, 'no proof');
  const { origin, index, size, hashes, checkpoint, key } = /** @type {Record<string, any>} */ (inclusion);
  const log = `${receipt.iss.replace(/^https?:\/\//, '')}/log/`;
  const own = typeof origin === 'string' && origin.startsWith(log) && EPOCH.test(origin.slice(log.length));
  demand(own, CODE, "the log is another member's");
  const places = Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size;
  demand(places && Array.isArray(hashes) && hashes.length <= MAX_HASHES, CODE, 'the proof has no such place');
  demand(typeof checkpoint === 'string' && checkpoint.length <= MAX_CHECKPOINT, CODE, 'no checkpoint');
  const note = readNote(checkpoint);
  const root = note.text.split('\n')[2];
  demand(note.text === `${origin}\n${size}\n${root}\n`, CODE, 'the proof is for another checkpoint');
  const time = receipt.iat - (receipt.iat % HOUR_S);
  // RFC 8785 as it stands: a base64url text needs no escape.
  demand(/^[A-Za-z0-9_-]{43}$/.test(receipt.commitment), CODE, 'the receipt names no commitment');
  const entry = utf8(`{"commitment":"${receipt.commitment}","kind":"verified","time":${time},"v":1}`);
  const computed = await rootOf(await sha256(joined([0], entry)), index, size, hashes.map(decode));
  demand(same(computed, decodeStandard(root)), CODE, 'the checkpoint does not commit to the record');
  return logKeys.length > 0 && (await verifySigner(note, origin, key, logKeys)) ? 'signed' : 'shown';
}

/** @param {Uint8Array<ArrayBuffer>} leaf @param {number} index @param {number} size @param {Uint8Array[]} hashes */
async function rootOf(leaf, index, size, hashes) {
  // Halved by division: the operators for bits know no more than 32 of them.
  let [at, last, computed] = [index, size - 1, leaf];
  for (const sibling of hashes) {
    demand(last > 0 && sibling.length === HASH_BYTES, CODE, 'the proof has another length');
    if (at % 2 === 1 || at === last) {
      computed = await sha256(joined([1], sibling, computed));
      // The rightmost node of a level without a sibling rises to where it has one.
      while (at % 2 === 0 && at > 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      computed = await sha256(joined([1], computed, sibling));
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  demand(last === 0, CODE, 'the proof is too short');
  return computed;
}

/** @param {(number[] | Uint8Array)[]} parts */
function joined(...parts) {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** @param {Uint8Array} one @param {Uint8Array} other */
function same(one, other) {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}
