// @ts-check
// base64url as RFC 7515 section 2 wants it: no padding, no white space, one spelling of the same bytes only. A lenient
// decoder would let one credential have many texts, and so many digests.
import { WalletError } from './errors.js';

const ALPHABET = /^[A-Za-z0-9_-]*$/;
// The last character of an encoding whose length is 2 or 3 modulo 4 carries 4 or 2 bits that must be zero.
const LAST = [/^/, /^(?!)/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/];
const CHUNK = 0x8000;

/**
 * Write bytes as unpadded base64url.
 * @param {Uint8Array | ArrayBuffer} data
 */
export function encode(data) {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  const parts = [];
  // In pieces, because a function takes only so many arguments.
  for (let start = 0; start < bytes.length; start += CHUNK) {
    parts.push(String.fromCharCode(...bytes.subarray(start, start + CHUNK)));
  }
  return btoa(parts.join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * Read unpadded base64url; throws `malformed_base64url` for every second spelling of the same bytes.
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function decode(text) {
  if (typeof text !== 'string' || !ALPHABET.test(text) || !LAST[text.length % 4].test(text)) {
    throw new WalletError('malformed_base64url');
  }
  return bytesOf(atob(text.replaceAll('-', '+').replaceAll('_', '/')));
}

/**
 * Read standard Base64 with its padding, as `x5c` holds it (RFC 7515 section 4.1.6).
 * @param {string} text
 */
export function decodeStandard(text) {
  if (typeof text !== 'string' || text.length % 4 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new WalletError('malformed_base64url');
  }
  const bytes = bytesOf(atob(text));
  if (encodeStandard(bytes) !== text) throw new WalletError('malformed_base64url');
  return bytes;
}

/**
 * Write standard Base64 with padding.
 * @param {Uint8Array} bytes
 */
export function encodeStandard(bytes) {
  const text = encode(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}

/** @param {string} binary */
function bytesOf(binary) {
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place += 1) bytes[place] = binary.charCodeAt(place);
  return bytes;
}
