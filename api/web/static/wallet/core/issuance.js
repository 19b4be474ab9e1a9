// @ts-check
// Receive credentials (OpenID4VCI 1.0): the whole way from an offer to judged credentials, each step a function of its
// own, so that a page can stop between them and ask.
import { now as currentTime } from './crypto.js';
import { learn, proverOf } from './dpop.js';
import { WalletError, demand } from './errors.js';
import { JSON_TYPE, request, requireJson, requireSuccess } from './http.js';
import { configurationOf } from './issuers.js';
import { publicMembers, signJwt } from './jose.js';
import { isObject, member } from './json.js';
import { judge } from './receiving.js';

export { resolveOffer } from './offers.js';
export { loadIssuer } from './issuers.js';
export { finishAuthorization, redeem, startAuthorization } from './tokens.js';

const PROOF_TYPE = 'openid4vci-proof+jwt';
const MAX_ANSWER = 4 * 1024 * 1024;
const EVENTS = ['credential_accepted', 'credential_failure', 'credential_deleted'];
const MAX_WAIT_S = 86_400;

/**
 * @typedef {import('./dpop.js').KeyPair} KeyPair
 * @typedef {import('./issuers.js').Issuer} Issuer
 * @typedef {import('./tokens.js').Token} Token
 * @typedef {object} Received
 * @property {string[]} credentials judged; each is bound to the device key at the same place of `keyIndexes`
 * @property {number[]} keyIndexes ascending, so with as many credentials as keys both lists run alike
 * @property {string | null} notificationId
 * @property {{transactionId: string, interval: number} | null} deferred set where the issuer is not ready: ask again
 *   with `fetchDeferred` after `interval` seconds
 */

/**
 * Ask for one credential configuration under several device keys, a copy for each.
 * @param {Issuer} issuer
 * @param {Token} token
 * @param {string} configurationId
 * @param {KeyPair[]} deviceKeys at most `issuer.batchSize`
 * @param {{dpopKey: KeyPair, now?: number}} options
 * @returns {Promise<Received>}
 */
export async function fetchCredentials(issuer, token, configurationId, deviceKeys, { dpopKey, now }) {
  const configuration = configurationOf(issuer, configurationId);
  requireUsable(issuer, configuration);
  demand(deviceKeys.length > 0 && deviceKeys.length <= issuer.batchSize, 'malformed_issuer', 'too many keys at once');
  const identifier = token.credentialIdentifiers[configurationId]?.[0];
  const what = identifier === undefined
    ? { credential_configuration_id: configurationId } : { credential_identifier: identifier };
  const send = async () => {
    const proofs = { jwt: await proofsOf(issuer, token, deviceKeys, dpopKey) };
    return post(issuer.metadata.credential_endpoint, { ...what, proofs }, token, dpopKey);
  };
  let answer = await send();
  // A nonce may end between two requests; a fresh one is asked for once (section 8.3.1.2).
  if (answer.status === 400 && answer.json?.error === 'invalid_nonce') answer = await send();
  const publicJwks = deviceKeys.map((key) => key.publicJwk);
  return received(answer, { issuer, token, configurationId, publicJwks, dpopKey, now: now ?? currentTime() });
}

/**
 * Ask again for what was not ready (section 9).
 * @param {Issuer} issuer
 * @param {Token} token
 * @param {string} configurationId
 * @param {string} transactionId
 * @param {{publicJwk: Record<string, any>}[]} deviceKeys those of the first request, in the same order
 * @param {{dpopKey: KeyPair, now?: number}} options
 * @returns {Promise<Received>}
 */
export async function fetchDeferred(issuer, token, configurationId, transactionId, deviceKeys, { dpopKey, now }) {
  const url = issuer.metadata.deferred_credential_endpoint;
  demand(url, 'malformed_issuer', 'no deferred credential endpoint');
  const answer = await post(url, { transaction_id: transactionId }, token, dpopKey);
  const publicJwks = deviceKeys.map((key) => key.publicJwk);
  return received(answer, { issuer, token, configurationId, publicJwks, dpopKey, now: now ?? currentTime() });
}

/**
 * Tell the issuer what became of the credentials (section 11); nothing where it does not want to know.
 * @param {Issuer} issuer
 * @param {Token} token
 * @param {string | null} notificationId
 * @param {string} event `credential_accepted`, `credential_failure` or `credential_deleted`
 * @param {{dpopKey: KeyPair}} options
 */
export async function notify(issuer, token, notificationId, event, { dpopKey }) {
  const url = issuer.metadata.notification_endpoint;
  if (!url || notificationId === null) return;
  demand(EVENTS.includes(event), 'malformed_issuer', 'no such event');
  requireSuccess(await post(url, { notification_id: notificationId, event }, token, dpopKey));
}

/** @param {Issuer} issuer @param {Record<string, any>} configuration */
function requireUsable(issuer, configuration) {
  for (const name of ['credential_request_encryption', 'credential_response_encryption']) {
    const demanded = member(issuer.metadata[name], 'encryption_required') === true;
    demand(!demanded, 'encryption_missing', 'the issuer demands encrypted requests');
  }
  const jwt = member(configuration.proof_types_supported, 'jwt');
  const attested = !isObject(jwt) || 'key_attestations_required' in jwt;
  // A browser has no wallet provider that could vouch for where its keys are kept.
  demand(!attested, 'attestation_required', 'the issuer demands a key attestation');
}

/** @param {Issuer} issuer @param {Token} token @param {KeyPair[]} keys @param {KeyPair} dpopKey */
async function proofsOf(issuer, token, keys, dpopKey) {
  /** @type {Record<string, any>} */
  const claims = { aud: issuer.url, iat: currentTime() };
  const url = issuer.metadata.nonce_endpoint;
  if (url) {
    const answer = await request(url, { method: 'POST' });
    learn(dpopKey, url, answer);
    const nonce = requireJson(answer).c_nonce;
    demand(typeof nonce === 'string' && nonce.length <= 4_096, 'malformed_answer', 'no nonce');
    claims.nonce = nonce;
  }
  if (token.clientId !== null) claims.iss = token.clientId;
  return Promise.all(keys.map((key) => (
    signJwt({ typ: PROOF_TYPE, jwk: publicMembers(key.publicJwk) }, claims, key.privateKey)
  )));
}

/** @param {string} url @param {object} body @param {Token} token @param {KeyPair} dpopKey */
async function post(url, body, token, dpopKey) {
  const bound = token.tokenType === 'DPoP';
  /** @type {Record<string, string>} */
  const headers = { 'Content-Type': JSON_TYPE };
  if (!bound) headers.Authorization = `Bearer ${token.accessToken}`;
  const dpop = bound ? proverOf(dpopKey, token.accessToken) : undefined;
  return request(url, { method: 'POST', headers, body: JSON.stringify(body), limitBytes: MAX_ANSWER, dpop });
}

/** @param {import('./http.js').Answer} answer @param {any} expected @returns {Promise<Received>} */
async function received(answer, expected) {
  const body = requireJson(answer);
  const notificationId = typeof body.notification_id === 'string' ? body.notification_id : null;
  if (answer.status === 202 || 'transaction_id' in body) {
    const { transaction_id: transactionId, interval = 5 } = body;
    const holds = typeof transactionId === 'string' && Number.isInteger(interval) && interval >= 0;
    demand(holds, 'malformed_answer', 'no `transaction_id`');
    const deferred = { transactionId, interval: Math.min(interval, MAX_WAIT_S) };
    return { credentials: [], keyIndexes: [], notificationId, deferred };
  }
  const texts = Array.isArray(body.credentials) ? body.credentials.map((one) => member(one, 'credential')) : [];
  const holds = texts.length > 0 && texts.every((text) => typeof text === 'string');
  demand(holds, 'malformed_answer', 'no credentials');
  try {
    const judged = (await judge(texts, expected)).sort((a, b) => a.keyIndex - b.keyIndex);
    const keyIndexes = judged.map(({ keyIndex }) => keyIndex);
    return { credentials: judged.map(({ text }) => text), keyIndexes, notificationId, deferred: null };
  } catch (refused) {
    const { issuer, token, dpopKey } = expected;
    // That the issuer hears of it is a courtesy; the refusal is what counts.
    await notify(issuer, token, notificationId, 'credential_failure', { dpopKey }).catch(() => {});
    throw refused instanceof WalletError ? refused : new WalletError('malformed_credential');
  }
}
