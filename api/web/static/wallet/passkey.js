/**
 * Has a passkey give a secret (WebAuthn Level 3, the PRF extension): 32 bytes that only this passkey can make, after
 * the device has recognised its owner. Nothing is sent to a server; the challenge is of no use to anybody.
 */

/** Tell whether this browser may have passkeys at all; whether one can do PRF is known when it is made. */
export function passkeysArePossible() {
  return typeof PublicKeyCredential === 'function' && window.isSecureContext;
}

/**
 * Make a passkey for this wallet.
 * @param {string} name how the device will list it.
 * @returns {Promise<{ credentialId: Uint8Array, salt: Uint8Array, secret: Uint8Array }>}
 */
export async function makePasskey(name) {
  const salt = random(32);
  const made = /** @type {any} */ (
    await navigator.credentials.create({
      publicKey: {
        rp: { name: 'Jeung' },
        user: { id: random(16), name, displayName: name },
        challenge: random(32),
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { type: 'public-key', alg: -257 }],
        authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
        attestation: 'none',
        extensions: /** @type {any} */ ({ prf: { eval: { first: salt } } }),
      },
    })
  );
  const credentialId = new Uint8Array(made.rawId);
  const result = made.getClientExtensionResults().prf;
  if (!result?.enabled) throw Object.assign(new Error('no PRF'), { code: 'passkey_unfit' });
  // Most authenticators give the secret only when they are asked once more.
  const secret = result.results?.first ? new Uint8Array(result.results.first) : await passkeySecret({ credentialId, salt });
  return { credentialId, salt, secret };
}

/**
 * Have the passkey give its secret again.
 * @param {{ credentialId: Uint8Array, salt: Uint8Array }} guard
 * @returns {Promise<Uint8Array>}
 */
export async function passkeySecret({ credentialId, salt }) {
  const given = /** @type {any} */ (
    await navigator.credentials.get({
      publicKey: {
        challenge: random(32),
        allowCredentials: [{ type: 'public-key', id: credentialId }],
        userVerification: 'required',
        extensions: /** @type {any} */ ({ prf: { eval: { first: salt } } }),
      },
    })
  );
  const first = given.getClientExtensionResults().prf?.results?.first;
  if (!first) throw Object.assign(new Error('no PRF'), { code: 'passkey_unfit' });
  return new Uint8Array(first);
}

/** @param {number} length */
function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}
