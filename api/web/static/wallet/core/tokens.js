// @ts-check
// Get an access token: by the pre-authorized code of an offer, or by the customer's consent at the issuer's page with
// PAR (RFC 9126), PKCE (RFC 7636), `iss` (RFC 9207) and DPoP (RFC 9449).
import { encode } from './base64url.js';
import { randomText, sha256 } from './crypto.js';
import { keyThumbprint, proverOf } from './dpop.js';
import { WalletError, demand } from './errors.js';
import { FORM_TYPE, nameOf, request, requireJson } from './http.js';
import { configurationOf } from './issuers.js';
import { isObject } from './json.js';
import { readLink } from './links.js';
import { AUTHORIZATION_CODE, PRE_AUTHORIZED } from './offers.js';

/**
 * @typedef {import('./dpop.js').KeyPair} KeyPair
 * @typedef {{accessToken: string, tokenType: 'DPoP' | 'Bearer', clientId: string | null,
 *   credentialIdentifiers: Record<string, string[]>, expiresIn: number | null}} Token
 * What the wallet must remember while the customer is at the issuer's page; JSON, to be kept where no page of others
 * can read it.
 * @typedef {{issuer: import('./issuers.js').Issuer, configurationIds: string[], redirectUri: string,
 *   clientId: string, state: string, verifier: string, jkt: string}} Pending
 */

/**
 * Trade an offer's code for a token (OpenID4VCI 1.0 section 6.1).
 * @param {import('./issuers.js').Issuer} issuer
 * @param {import('./offers.js').Offer} offer
 * @param {{txCode?: string, dpopKey: KeyPair}} options
 * @returns {Promise<Token>}
 */
export async function redeem(issuer, offer, { txCode, dpopKey }) {
  const code = offer.preAuthorizedCode;
  if (code === null) throw new WalletError('grant_missing', 'the offer carries no pre-authorized code');
  /** @type {Record<string, string>} */
  const form = { grant_type: PRE_AUTHORIZED, 'pre-authorized_code': code };
  if (txCode !== undefined) form.tx_code = txCode;
  return readToken(await post(issuer.server.token_endpoint, form, dpopKey), null);
}

/**
 * Push an authorization request and give the address of the consent page.
 * @param {import('./issuers.js').Issuer} issuer
 * @param {Pick<import('./offers.js').Offer, 'configurationIds' | 'issuerState'>} offer
 * @param {{redirectUri: string, clientId: string, dpopKey: KeyPair}} options
 * @returns {Promise<{url: string, pending: Pending}>}
 */
export async function startAuthorization(issuer, offer, { redirectUri, clientId, dpopKey }) {
  const { server } = issuer;
  for (const name of ['pushed_authorization_request_endpoint', 'authorization_endpoint']) {
    demand(name in server, 'grant_missing', 'the server takes no pushed authorization requests');
  }
  const scopes = offer.configurationIds.map((id) => configurationOf(issuer, id).scope);
  demand(scopes.every((scope) => typeof scope === 'string'), 'malformed_issuer', 'a configuration without a scope');
  const [state, verifier] = [randomText(), randomText()];
  const jkt = await keyThumbprint(dpopKey);
  /** @type {Record<string, string>} */
  const form = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: scopes.join(' '),
    state,
    code_challenge: encode(await sha256(verifier)),
    code_challenge_method: 'S256',
    dpop_jkt: jkt,
  };
  if (offer.issuerState) form.issuer_state = offer.issuerState;
  const answer = await post(server.pushed_authorization_request_endpoint, form, dpopKey);
  const reference = answer.request_uri;
  demand(typeof reference === 'string' && reference.length <= 2_048, 'malformed_answer', 'no `request_uri`');
  const query = new URLSearchParams({ client_id: clientId, request_uri: reference });
  const { configurationIds } = offer;
  const pending = { issuer, configurationIds, redirectUri, clientId, state, verifier, jkt };
  return { url: `${server.authorization_endpoint}?${query}`, pending };
}

/**
 * Read where the issuer's page sent the browser, and trade the code in it for a token.
 * @param {Pending} pending
 * @param {string} callbackUrl
 * @param {{dpopKey: KeyPair}} options the key that `startAuthorization` had
 * @returns {Promise<Token>}
 * Throws `state_mismatch`, `issuer_mismatch`, `authorization_refused` (with the server's `error`), and what a refused
 * token request throws.
 */
export async function finishAuthorization(pending, callbackUrl, { dpopKey }) {
  const { server } = pending.issuer;
  const answer = readLink(callbackUrl, 'state_mismatch');
  demand(answer.state === pending.state, 'state_mismatch', 'the answer belongs to another request');
  // A server that announces `iss` always sends it, also with an error; one that does not is no server of HAIP.
  demand(answer.iss === server.issuer, 'issuer_mismatch', "the answer is another authorization server's");
  if ('error' in answer) {
    const error = nameOf(answer.error);
    throw new WalletError('authorization_refused', 'the customer or the server said no', { error });
  }
  demand(answer.code, 'state_mismatch', 'the answer carries no code');
  demand((await keyThumbprint(dpopKey)) === pending.jkt, 'state_mismatch', 'another DPoP key than began');
  const form = {
    grant_type: AUTHORIZATION_CODE,
    code: answer.code,
    redirect_uri: pending.redirectUri,
    code_verifier: pending.verifier,
    client_id: pending.clientId,
  };
  return readToken(await post(server.token_endpoint, form, dpopKey), pending.clientId);
}

/** @param {string} url @param {Record<string, string>} form @param {KeyPair} dpopKey */
async function post(url, form, dpopKey) {
  const answer = await request(url, {
    method: 'POST',
    headers: { 'Content-Type': FORM_TYPE },
    body: new URLSearchParams(form).toString(),
    dpop: proverOf(dpopKey),
  });
  return requireJson(answer);
}

/** @param {Record<string, any>} answer @param {string | null} clientId @returns {Token} */
function readToken(answer, clientId) {
  const { access_token: accessToken, token_type: type, authorization_details: details = [] } = answer;
  demand(typeof accessToken === 'string' && /^[\x21-\x7e]{1,8192}$/.test(accessToken), 'malformed_token');
  const kind = typeof type === 'string' ? type.toLowerCase() : '';
  demand(kind === 'dpop' || kind === 'bearer', 'malformed_token', 'an unknown kind of token');
  demand(Array.isArray(details) && details.every(isObject), 'malformed_token', '`authorization_details` is no list');
  /** @type {Record<string, string[]>} */
  const credentialIdentifiers = {};
  for (const { credential_configuration_id: id, credential_identifiers: names } of details) {
    if (typeof id !== 'string' || !Array.isArray(names)) continue;
    credentialIdentifiers[id] = names.filter((name) => typeof name === 'string');
  }
  const expiresIn = Number.isInteger(answer.expires_in) ? answer.expires_in : null;
  const tokenType = kind === 'dpop' ? 'DPoP' : 'Bearer';
  return { accessToken, tokenType, clientId, credentialIdentifiers, expiresIn };
}
