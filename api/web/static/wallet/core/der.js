// @ts-check
// As much of DER (X.690) as certificates need: elements with definite lengths, every step within the bytes there are.
import { WalletError, demand } from './errors.js';

/** @typedef {{tag: number, body: Uint8Array<ArrayBuffer>, whole: Uint8Array<ArrayBuffer>}} Element */

export const SEQUENCE = 0x30;
export const SET = 0x31;
export const OID = 0x06;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const BOOLEAN = 0x01;
export const INTEGER = 0x02;

const MAX_ELEMENTS = 256;

/**
 * Read the elements that fill some bytes.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Element[]}
 */
export function elements(bytes) {
  /** @type {Element[]} */
  const found = [];
  for (let place = 0; place < bytes.length;) {
    const element = elementAt(bytes, place);
    found.push(element);
    place += element.whole.length;
    demand(found.length <= MAX_ELEMENTS, 'certificate_refused', 'too many elements');
  }
  return found;
}

/**
 * Read the children of an element that must have a certain tag.
 * @param {Element | undefined} element
 * @param {number} tag
 */
export function children(element, tag = SEQUENCE) {
  return elements(bodyOf(element, tag));
}

/**
 * Give the body of an element that must have a certain tag.
 * @param {Element | undefined} element
 * @param {number} tag
 */
export function bodyOf(element, tag) {
  if (!element || element.tag !== tag) throw new WalletError('certificate_refused', 'not the structure expected');
  return element.body;
}

/**
 * Write an object identifier with dots.
 * @param {Element | undefined} element
 */
export function oidOf(element) {
  const bytes = bodyOf(element, OID);
  demand(bytes.length > 0 && bytes.length <= 32 && bytes[bytes.length - 1] < 0x80, 'certificate_refused', 'bad OID');
  const parts = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    demand(value < 2 ** 40, 'certificate_refused', 'bad OID');
    if (byte >= 0x80) continue;
    if (parts.length === 0) {
      const first = Math.min(2, Math.floor(value / 40));
      parts.push(first, value - 40 * first);
    } else {
      parts.push(value);
    }
    value = 0;
  }
  return parts.join('.');
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {number} start @returns {Element} */
function elementAt(bytes, start) {
  demand(start + 2 <= bytes.length, 'certificate_refused', 'the bytes break off');
  const tag = bytes[start];
  demand((tag & 0x1f) !== 0x1f, 'certificate_refused', 'a tag of several bytes');
  let length = bytes[start + 1];
  let head = 2;
  if (length >= 0x80) {
    const count = length & 0x7f;
    demand(count === 1 || count === 2, 'certificate_refused', 'a length of another form');
    demand(start + 2 + count <= bytes.length, 'certificate_refused', 'the bytes break off');
    length = count === 1 ? bytes[start + 2] : bytes[start + 2] * 256 + bytes[start + 3];
    demand(length >= (count === 1 ? 0x80 : 0x100), 'certificate_refused', 'a length longer than it need be');
    head += count;
  }
  const end = start + head + length;
  demand(end <= bytes.length, 'certificate_refused', 'the bytes break off');
  return { tag, body: bytes.slice(start + head, end), whole: bytes.slice(start, end) };
}
