// @ts-check
// Read credential offers (OpenID4VCI 1.0 section 4.1): a link or JSON, by value or by reference.
import { WalletError, demand } from './errors.js';
import { request, requireJson } from './http.js';
import { isObject, member, parseObject } from './json.js';
import { readLink } from './links.js';

export const PRE_AUTHORIZED = 'urn:ietf:params:oauth:grant-type:pre-authorized_code';
export const AUTHORIZATION_CODE = 'authorization_code';
const MAX_CONFIGURATIONS = 16;
const MAX_TX_CODE = 16;

/**
 * @typedef {object} Offer
 * @property {string} credentialIssuer
 * @property {string[]} configurationIds
 * @property {string | null} preAuthorizedCode
 * @property {{inputMode: 'numeric' | 'text', length: number | null, description: string | null} | null} txCode null
 *   where no transaction code is asked for
 * @property {string | null} issuerState
 * @property {string | null} authorizationServer which server to ask, where the issuer has several
 * @property {boolean} takesAuthorizationCode
 */

/**
 * Read an offer, following a reference.
 * @param {string} linkOrJson
 * @returns {Promise<Offer>}
 * Throws `malformed_offer`, and what `http.request` throws for a reference that leads nowhere.
 */
export async function resolveOffer(linkOrJson) {
  const text = typeof linkOrJson === 'string' ? linkOrJson.trim() : '';
  if (text.startsWith('{')) return readOffer(parsed(text));
  const found = readLink(text, 'malformed_offer');
  const one = Number('credential_offer' in found) + Number('credential_offer_uri' in found) === 1;
  demand(one, 'malformed_offer', 'the link carries no offer, or more than one');
  if ('credential_offer' in found) return readOffer(parsed(found.credential_offer));
  return readOffer(requireJson(await request(found.credential_offer_uri, { limitBytes: 65_536 })));
}

/** @param {string} text */
function parsed(text) {
  demand(text.length <= 65_536, 'malformed_offer', 'longer than its bound');
  try {
    return parseObject(text);
  } catch {
    throw new WalletError('malformed_offer', 'not one JSON object');
  }
}

/** @param {Record<string, any>} document @returns {Offer} */
function readOffer(document) {
  const { credential_issuer: issuer, credential_configuration_ids: ids } = document;
  demand(typeof issuer === 'string', 'malformed_offer', 'no issuer');
  const names = Array.isArray(ids) && ids.length > 0 && ids.length <= MAX_CONFIGURATIONS;
  demand(names && ids.every((id) => typeof id === 'string' && id), 'malformed_offer', 'it names no credential');
  demand(new Set(ids).size === ids.length, 'malformed_offer', 'it names a credential twice');
  const grants = document.grants ?? {};
  demand(isObject(grants), 'malformed_offer', '`grants` is no object');
  const code = objectAt(grants, PRE_AUTHORIZED);
  const redirected = objectAt(grants, AUTHORIZATION_CODE);
  return {
    credentialIssuer: issuer,
    configurationIds: ids,
    preAuthorizedCode: code ? textAt(code, 'pre-authorized_code', true) : null,
    txCode: code && 'tx_code' in code ? readTxCode(code.tx_code) : null,
    issuerState: redirected ? textAt(redirected, 'issuer_state') : null,
    authorizationServer: textAt(code ?? redirected ?? {}, 'authorization_server'),
    // Without `grants` the wallet finds out from the server's metadata what it takes (section 4.1.1).
    takesAuthorizationCode: redirected !== null || Object.keys(grants).length === 0,
  };
}

/** @param {unknown} value @returns {Offer['txCode']} */
function readTxCode(value) {
  if (!isObject(value)) throw new WalletError('malformed_offer', '`tx_code` is no object');
  const { input_mode: mode = 'numeric', length = null } = value;
  demand(mode === 'numeric' || mode === 'text', 'malformed_offer', 'an unknown `input_mode`');
  const bounded = length === null || (Number.isInteger(length) && length > 0 && length <= MAX_TX_CODE);
  demand(bounded, 'malformed_offer', 'a transaction code nobody could type');
  const description = textAt(value, 'description');
  return { inputMode: mode, length, description: description && description.slice(0, 300) };
}

/** @param {Record<string, any>} grants @param {string} name @returns {Record<string, any> | null} */
function objectAt(grants, name) {
  const value = member(grants, name);
  demand(value === undefined || isObject(value), 'malformed_offer', 'a grant is no object');
  return value ?? null;
}

/** @param {Record<string, any>} object @param {string} name @param {boolean} [needed] */
function textAt(object, name, needed = false) {
  const value = member(object, name);
  const holds = (value === undefined && !needed) || (typeof value === 'string' && value && value.length <= 4_096);
  demand(holds, 'malformed_offer', `\`${name}\` is no text`);
  return value ?? null;
}
