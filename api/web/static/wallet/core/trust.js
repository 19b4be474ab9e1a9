// @ts-check
// Judge the certificate a token was signed under. A browser page knows no authority of the consortium, so a leaf is
// believed together with something that only its owner's web server could have said: its published keys, or the
// address the answer goes to.
import { readCertificate } from './certificate.js';
import { SKEW_S } from './crypto.js';
import { demand } from './errors.js';

const MAX_CHAIN = 4;

/**
 * Read the leaf of a JOSE header's `x5c`; null where there is none.
 * @param {Record<string, any>} header
 * @param {number} now seconds UTC
 */
export function readLeaf(header, now) {
  if (!Object.hasOwn(header, 'x5c')) return null;
  const chain = header.x5c;
  demand(Array.isArray(chain) && chain.length > 0 && chain.length <= MAX_CHAIN, 'certificate_refused', 'no chain');
  const leaf = readCertificate(chain[0]);
  // HAIP 1.0 section 6.1.1: who signs himself has nobody who vouches for him.
  demand(!leaf.selfIssued, 'certificate_refused', 'it is self-signed');
  const holds = leaf.notBefore <= now + SKEW_S && now <= leaf.notAfter;
  demand(holds, 'certificate_expired', 'the certificate is not valid now');
  return leaf;
}

/**
 * Demand that a certificate was made for a URL or its host.
 * @param {import('./certificate.js').Certificate} leaf
 * @param {string} url
 */
export function requireName(leaf, url) {
  const host = new URL(url).hostname;
  const holds = leaf.uriNames.includes(url) || leaf.dnsNames.includes(host);
  demand(holds, 'certificate_name', 'the certificate was made for somebody else');
}
