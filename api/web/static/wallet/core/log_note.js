// @ts-check
// Verify who signed a checkpoint (C2SP signed-note, Ed25519). The key comes with the checkpoint and is to be believed
// only because the register lists its thumbprint for the log of who asked.
import { decodeStandard, encode, encodeStandard } from './base64url.js';
import { sha256, utf8 } from './crypto.js';
import { demand } from './errors.js';

const CODE = 'receipt_statement';
const MAX_SIGNATURES = 64;
const ED25519 = 1;
/** A text that ends in a newline, an empty line, the lines of signatures. */
const NOTE = /^([^]+\n)\n((?:\u2014 [^\n]+\n)+)$/;
const LINE = /^\u2014 ([^\s+]{1,512}) ([A-Za-z0-9+/]+={0,2})$/;
const VERIFIER_KEY = /^([^\s+]{1,512})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/;

/**
 * Read a note, of which nothing is verified yet.
 * @param {string} note
 * @returns {{text: string, signatures: {name: string, material: Uint8Array<ArrayBuffer>}[]}}
 */
export function readNote(note) {
  const parts = NOTE.exec(note);
  demand(parts, CODE, 'not a signed note');
  const lines = parts[2].slice(0, -1).split('\n');
  demand(lines.length <= MAX_SIGNATURES, CODE, 'too many signatures');
  const signatures = lines.map((line) => {
    const found = LINE.exec(line);
    demand(found, CODE, 'not a line of signatures');
    return { name: found[1], material: decodeStandard(found[2]) };
  });
  return { text: parts[1], signatures };
}

/**
 * Verify that a key of the register signed a note under the name of its log.
 * @param {ReturnType<typeof readNote>} note
 * @param {string} origin the log's, which is its key's name
 * @param {unknown} verifierKey the key's text (a vkey)
 * @param {string[]} logKeys thumbprints (RFC 7638) that the register lists
 * @returns {Promise<boolean>} false where this browser knows no Ed25519; throws `receipt_statement` where it does not hold
 */
export async function verifySigner({ text, signatures }, origin, verifierKey, logKeys) {
  const parts = typeof verifierKey === 'string' ? VERIFIER_KEY.exec(verifierKey) : null;
  demand(parts && parts[1] === origin, CODE, "not the log's key");
  const material = decodeStandard(parts[3]);
  demand(material.length === 33 && material[0] === ED25519, CODE, 'not a key of Ed25519');
  const point = material.subarray(1);
  const thumbprint = encode(await sha256(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x: encode(point) })));
  demand(logKeys.includes(thumbprint), CODE, 'the register does not name the key');
  const id = (await sha256(Uint8Array.from([...utf8(`${origin}\n`), ...material]))).subarray(0, 4);
  const named = signatures.find((one) => one.name === origin && encodeStandard(one.material.subarray(0, 4)) === encodeStandard(id));
  demand(named, CODE, 'the key did not sign');
  const key = await imported(point);
  if (key === null) return false;
  demand(await crypto.subtle.verify('Ed25519', key, named.material.slice(4), utf8(text)), CODE, 'the signature is not good');
  return true;
}

/** @param {Uint8Array<ArrayBuffer>} point */
async function imported(point) {
  try {
    return await crypto.subtle.importKey('raw', point, 'Ed25519', false, ['verify']);
  } catch (error) {
    // Browsers of before 2025 do not have it; the register vouches for the key's form.
    if (error instanceof DOMException && error.name === 'NotSupportedError') return null;
    throw error;
  }
}
