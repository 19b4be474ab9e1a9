// @ts-check
// Read DCQL queries strictly within bounds (OpenID4VP 1.0 section 6). Members the standard does not name are passed
// over, as it demands. Everything else that is not exactly as it says is refused: a query that two readers take
// differently would let a wallet show more than was meant.
import { WalletError } from './errors.js';
import { isObject } from './json.js';

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_TEXT = 256;

/**
 * Give a query back once its shape is known; throws `malformed_query`.
 * @param {unknown} query
 * @returns {Record<string, any>}
 */
export function checkQuery(query) {
  const body = object(query);
  const ids = array(body.credentials, 8).map((asked) => checkCredential(object(asked)));
  require(new Set(ids).size === ids.length);
  if ('credential_sets' in body) {
    for (const set of array(body.credential_sets, 8).map(object)) {
      flag(set.required);
      for (const option of array(set.options, 8)) require(idsOf(option).every((id) => ids.includes(id)));
    }
  }
  return body;
}

/** @param {Record<string, any>} asked @returns {string} */
function checkCredential(asked) {
  require(isId(asked.id) && isText(asked.format));
  const meta = object(asked.meta);
  if (asked.format === 'dc+sd-jwt') require(array(meta.vct_values, 64).every(isText));
  flag(asked.multiple);
  flag(asked.require_cryptographic_holder_binding);
  if ('trusted_authorities' in asked) {
    for (const one of array(asked.trusted_authorities, 16).map(object)) {
      require(isText(one.type) && array(one.values, 64).every(isText));
    }
  }
  const claims = 'claims' in asked ? array(asked.claims, 64).map(object) : [];
  claims.forEach(checkClaim);
  const ids = claims.filter((claim) => 'id' in claim).map((claim) => claim.id);
  require(new Set(ids).size === ids.length);
  require(new Set(claims.map((claim) => JSON.stringify(claim.path))).size === claims.length);
  if ('claim_sets' in asked) {
    // With sets every claim needs an id (section 6.3).
    require(claims.length > 0 && ids.length === claims.length);
    for (const set of array(asked.claim_sets, 64)) require(idsOf(set).every((id) => ids.includes(id)));
  }
  return asked.id;
}

/** @param {Record<string, any>} claim */
function checkClaim(claim) {
  require(!('id' in claim) || isId(claim.id));
  require(array(claim.path, 8).every(isComponent));
  if ('values' in claim) require(array(claim.values, 64).every(isValue));
}

/** @param {unknown} value */
function isComponent(value) {
  const position = Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65_536;
  return value === null || position || isShort(value);
}

/** @param {unknown} value */
function isValue(value) {
  return typeof value === 'boolean' || Number.isSafeInteger(value) || isShort(value);
}

/** @param {unknown} value */
function isShort(value) {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}

/** @param {unknown} value */
function isText(value) {
  return isShort(value) && value !== '';
}

/** @param {unknown} value */
function isId(value) {
  return typeof value === 'string' && ID.test(value);
}

/** @param {unknown} value @returns {string[]} */
function idsOf(value) {
  const found = array(value, 64);
  require(found.every(isId) && new Set(found).size === found.length);
  return found;
}

/** @param {unknown} value @param {number} most @returns {any[]} */
function array(value, most) {
  if (!Array.isArray(value) || value.length === 0 || value.length > most) throw new WalletError('malformed_query');
  return value;
}

/** @param {unknown} value @returns {Record<string, any>} */
function object(value) {
  if (!isObject(value)) throw new WalletError('malformed_query');
  return value;
}

/** @param {unknown} value */
function flag(value) {
  require(value === undefined || typeof value === 'boolean');
}

/** @param {boolean} holds */
function require(holds) {
  if (!holds) throw new WalletError('malformed_query');
}
