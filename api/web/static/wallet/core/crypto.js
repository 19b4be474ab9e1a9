// @ts-check
// Small things that every module needs of WebCrypto and of the clock.
import { encode } from './base64url.js';

const UTF8 = new TextEncoder();

/** Give the bytes of a text. @param {string} text @returns {Uint8Array<ArrayBuffer>} */
export function utf8(text) {
  return UTF8.encode(text);
}

/**
 * Hash with SHA-256.
 * @param {string | Uint8Array<ArrayBuffer>} data a text is hashed as UTF-8
 * @returns {Promise<Uint8Array<ArrayBuffer>>} 32 bytes
 */
export async function sha256(data) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', typeof data === 'string' ? utf8(data) : data));
}

/** Give so many unpredictable bytes as base64url. @param {number} [length] */
export function randomText(length = 32) {
  return encode(crypto.getRandomValues(new Uint8Array(length)));
}

/** Give the time in seconds UTC. */
export function now() {
  return Math.floor(Date.now() / 1000);
}

/** How far two honest clocks may lie apart, in seconds. */
export const SKEW_S = 60;
