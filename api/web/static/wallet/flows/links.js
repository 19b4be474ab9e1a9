/** Tells offers and requests apart, by what the specifications say links of each look like. */

const MAX = 8192;
const OFFER_SCHEMES = new Set(['openid-credential-offer:', 'haip-vci:']);
const REQUEST_SCHEMES = new Set(['openid4vp:', 'haip-vp:', 'eudi-openid4vp:', 'mdoc-openid4vp:']);

/**
 * Judge a text that was scanned or pasted.
 * @param {string} text
 * @returns {{ kind: 'offer' | 'request', text: string } | null}
 */
export function kindOf(text) {
  const trimmed = text.trim();
  if (trimmed.length === 0 || trimmed.length > MAX) return null;
  if (trimmed.startsWith('{')) return { kind: 'offer', text: trimmed };
  const url = URL.canParse(trimmed) ? new URL(trimmed) : null;
  if (url === null) return null;
  const own = /^#(offer|request)=(.+)$/s.exec(url.hash);
  if (own && url.pathname === '/wallet') return kindOf(safeDecode(own[2]));
  if (OFFER_SCHEMES.has(url.protocol)) return { kind: 'offer', text: trimmed };
  if (REQUEST_SCHEMES.has(url.protocol)) return { kind: 'request', text: trimmed };
  const asked = url.searchParams;
  if (asked.has('credential_offer') || asked.has('credential_offer_uri')) return { kind: 'offer', text: trimmed };
  if (asked.has('client_id') && (asked.has('request_uri') || asked.has('request'))) return { kind: 'request', text: trimmed };
  return null;
}

/** @param {string} text */
function safeDecode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
