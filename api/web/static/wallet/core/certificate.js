// @ts-check
// Read X.509 certificates (RFC 5280) of P-256 keys as far as a wallet needs them: whose key, for which names, until
// when, by which authority. The signature of the authority is not judged: without its certificate, which HAIP leaves
// out of `x5c`, nobody can; who reads decides what to believe of the names.
import { decodeStandard, encode } from './base64url.js';
import { BIT_STRING, BOOLEAN, OCTET_STRING, SEQUENCE, SET, bodyOf, children, elements, oidOf } from './der.js';
import { WalletError, demand } from './errors.js';

const MAX_DER = 8_192;
const EC_KEY = '1.2.840.10045.2.1';
const P256 = '1.2.840.10045.3.1.7';
const ALTERNATIVE_NAMES = '2.5.29.17';
const AUTHORITY_KEY = '2.5.29.35';
const ORGANISATION = '2.5.4.10';
const COMMON_NAME = '2.5.4.3';
// Constraints, key usage, alternative names, extended key usage: what critical extensions may be here.
const UNDERSTOOD = ['2.5.29.15', '2.5.29.19', ALTERNATIVE_NAMES, '2.5.29.37'];
const LATIN = new TextDecoder('utf-8', { fatal: true });

/**
 * @typedef {object} Certificate
 * @property {{kty: string, crv: string, x: string, y: string}} publicJwk
 * @property {string[]} dnsNames
 * @property {string[]} uriNames
 * @property {number} notBefore seconds UTC
 * @property {number} notAfter seconds UTC
 * @property {string | null} authorityKeyId base64url, as DCQL's `aki` spells it
 * @property {string | null} organisation
 * @property {string | null} commonName
 * @property {boolean} selfIssued subject and issuer are the same
 * @property {Uint8Array<ArrayBuffer>} der
 */

/**
 * Read a certificate; throws `certificate_refused`.
 * @param {string} base64Der an element of `x5c`: standard Base64 of the DER
 * @returns {Certificate}
 */
export function readCertificate(base64Der) {
  try {
    const der = decodeStandard(base64Der);
    demand(der.length <= MAX_DER, 'certificate_refused', 'larger than its bound');
    return read(der);
  } catch (refused) {
    const detail = refused instanceof WalletError ? refused.detail : 'a text of it cannot be read';
    throw new WalletError('certificate_refused', detail);
  }
}

/** @param {Uint8Array<ArrayBuffer>} der @returns {Certificate} */
function read(der) {
  const outer = elements(der);
  demand(outer.length === 1, 'certificate_refused', 'more than one element');
  const tbs = children(children(outer[0])[0]);
  demand(tbs[0]?.tag === 0xa0, 'certificate_refused', 'not of version 3');
  const [, , , issuer, validity, subject, key] = tbs;
  const [notBefore, notAfter] = children(validity).map(timeOf);
  demand(notAfter !== undefined && notBefore <= notAfter, 'certificate_refused', 'no validity');
  const extensions = extensionsOf(tbs.find((element) => element.tag === 0xa3));
  const names = alternativeNames(extensions.get(ALTERNATIVE_NAMES));
  return {
    publicJwk: keyOf(key),
    dnsNames: names.filter(([tag]) => tag === 0x82).map(([, name]) => name),
    uriNames: names.filter(([tag]) => tag === 0x86).map(([, name]) => name),
    notBefore,
    notAfter,
    authorityKeyId: authorityKeyOf(extensions.get(AUTHORITY_KEY)),
    organisation: attributeOf(subject, ORGANISATION),
    commonName: attributeOf(subject, COMMON_NAME),
    selfIssued: encode(issuer.whole) === encode(subject.whole),
    der,
  };
}

/** @param {import('./der.js').Element} element */
function keyOf(element) {
  const [algorithm, bits] = children(element);
  const [kind, curve] = children(algorithm);
  demand(oidOf(kind) === EC_KEY && oidOf(curve) === P256, 'certificate_refused', 'not a P-256 key');
  const point = bodyOf(bits, BIT_STRING);
  demand(point.length === 66 && point[0] === 0 && point[1] === 4, 'certificate_refused', 'not an uncompressed point');
  return { kty: 'EC', crv: 'P-256', x: encode(point.slice(2, 34)), y: encode(point.slice(34)) };
}

/** @param {import('./der.js').Element | undefined} wrapper @returns {Map<string, Uint8Array<ArrayBuffer>>} */
function extensionsOf(wrapper) {
  const found = new Map();
  if (!wrapper) return found;
  for (const extension of children(elements(wrapper.body)[0])) {
    const parts = children(extension);
    const oid = oidOf(parts[0]);
    const critical = parts.length === 3 && bodyOf(parts[1], BOOLEAN)[0] !== 0;
    demand(!critical || UNDERSTOOD.includes(oid), 'certificate_refused', 'a critical extension nobody understands');
    demand(!found.has(oid), 'certificate_refused', 'an extension twice');
    found.set(oid, bodyOf(parts.at(-1), OCTET_STRING));
  }
  return found;
}

/** @param {Uint8Array<ArrayBuffer> | undefined} bytes @returns {[number, string][]} */
function alternativeNames(bytes) {
  if (!bytes) return [];
  return children(elements(bytes)[0])
    .filter(({ tag }) => tag === 0x82 || tag === 0x86)
    .map(({ tag, body }) => [tag, asciiOf(body)]);
}

/** @param {Uint8Array<ArrayBuffer> | undefined} bytes */
function authorityKeyOf(bytes) {
  const id = bytes && children(elements(bytes)[0]).find(({ tag }) => tag === 0x80);
  return id ? encode(id.body) : null;
}

/** @param {import('./der.js').Element} name @param {string} oid */
function attributeOf(name, oid) {
  for (const set of children(name, SEQUENCE)) {
    for (const attribute of children(set, SET)) {
      const [kind, value] = children(attribute);
      // UTF8String and PrintableString; what else there may be is not shown rather than misread.
      if (oidOf(kind) === oid && (value?.tag === 0x0c || value?.tag === 0x13)) return LATIN.decode(value.body);
    }
  }
  return null;
}

/** @param {Uint8Array} bytes */
function asciiOf(bytes) {
  demand(bytes.every((byte) => byte > 0x20 && byte < 0x7f), 'certificate_refused', 'a name with strange characters');
  return LATIN.decode(bytes);
}

/** @param {import('./der.js').Element} element UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5) */
function timeOf({ tag, body }) {
  const text = asciiOf(body);
  demand(tag === 0x17 || tag === 0x18, 'certificate_refused', 'no time');
  const found = (tag === 0x17 ? /^(\d\d)(\d{10})Z$/ : /^(\d{4})(\d{10})Z$/).exec(text);
  if (!found) throw new WalletError('certificate_refused', 'no time');
  const year = tag === 0x18 ? Number(found[1]) : Number(found[1]) + (Number(found[1]) < 50 ? 2000 : 1900);
  const [month, day, hour, minute, second] = (found[2].match(/\d\d/g) ?? []).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}
