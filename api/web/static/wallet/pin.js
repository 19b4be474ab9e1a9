/**
 * Turns a PIN into a key.
 *
 * Six digits are a million tries. Two things stand against trying them all: PBKDF2 makes each cost a fraction of a
 * second, and the pepper, an HMAC key the browser holds and never gives out, makes each impossible away from this
 * device: a copy of the database's bytes is not enough.
 */

export const PIN_LENGTH = 6;
export const ITERATIONS = 600_000;
const CONTEXT = new TextEncoder().encode('jeung wallet pin v1');

/** Make the pepper; it cannot be exported (W3C Web Cryptography, section 13). */
export function makePepper() {
  return crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
}

/**
 * Derive the key that wraps the data key.
 * @param {string} pin six digits.
 * @param {Uint8Array} salt this device's, 16 bytes.
 * @param {CryptoKey} pepper
 * @param {number} iterations as stored with the salt.
 * @returns {Promise<CryptoKey>} AES-256-GCM, to wrap and unwrap.
 */
export async function deriveFromPin(pin, salt, pepper, iterations) {
  const typed = await crypto.subtle.importKey('raw', new TextEncoder().encode(pin), 'PBKDF2', false, ['deriveBits']);
  const slow = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, typed, 256);
  return mixIn(pepper, new Uint8Array(slow), CONTEXT);
}

/**
 * Mix the pepper into a secret and make a wrapping key of both.
 * @param {CryptoKey} pepper
 * @param {Uint8Array} secret 32 bytes.
 * @param {Uint8Array} context what the key is for.
 */
export async function mixIn(pepper, secret, context) {
  const message = new Uint8Array(context.length + 1 + secret.length);
  message.set(context);
  message.set(secret, context.length + 1);
  const mixed = await crypto.subtle.sign('HMAC', pepper, message);
  return crypto.subtle.importKey('raw', mixed, 'AES-GCM', false, ['wrapKey', 'unwrapKey']);
}

/**
 * Tell why a PIN is too easy to guess, null where it is not.
 * @param {string} pin
 * @returns {'pin.same' | 'pin.row' | 'pin.pattern' | null}
 */
export function weaknessOf(pin) {
  if (/^(\d)\1+$/.test(pin)) return 'pin.same';
  if ('01234567890'.includes(pin) || '09876543210'.includes(pin)) return 'pin.row';
  if (/^(\d{2})\1\1$/.test(pin) || /^(\d{3})\1$/.test(pin) || /^(\d)\1(\d)\2(\d)\3$/.test(pin)) return 'pin.pattern';
  return null;
}
