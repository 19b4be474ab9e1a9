// @ts-check
// Read the links that QR codes and deep links carry, whatever their scheme: only their query counts.
import { WalletError } from './errors.js';

const MAX_LINK = 16_384;
const MAX_PARAMETERS = 32;

/**
 * Give the query's parameters by name; a name twice, or a text that is no link, is refused with the given code.
 * @param {unknown} link
 * @param {string} code
 * @returns {Record<string, string>}
 */
export function readLink(link, code) {
  const text = typeof link === 'string' ? link.trim() : '';
  const start = text.indexOf('?');
  if (text.length > MAX_LINK || start < 0) throw new WalletError(code, 'the link carries nothing, or too much');
  // By hand, because browsers read the parts of links with unknown schemes differently.
  const pairs = [...new URLSearchParams(text.slice(start + 1).split('#')[0])];
  const found = new Map(pairs);
  if (found.size !== pairs.length || pairs.length > MAX_PARAMETERS) throw new WalletError(code, 'a name twice');
  return Object.fromEntries(found);
}

/**
 * Tell what a scanned or pasted text is: an offer, a request, or neither.
 * @param {unknown} text
 * @returns {'offer' | 'request' | 'unknown'}
 */
export function kindOf(text) {
  if (typeof text === 'string' && text.trim().startsWith('{')) return 'offer';
  try {
    const found = readLink(text, 'malformed_offer');
    if ('credential_offer' in found || 'credential_offer_uri' in found) return 'offer';
    return 'request_uri' in found ? 'request' : 'unknown';
  } catch {
    return 'unknown';
  }
}
