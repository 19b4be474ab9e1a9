// @ts-check
// Show credentials (OpenID4VP 1.0 sections 8 and B.3): what the holder chose, bound to the request, sent where it says.
// Before anything leaves, what would be shown is judged by the query once more: no less than it needs, and nothing it
// does not ask for.
import { utf8 } from './crypto.js';
import { evaluate } from './dcql.js';
import { WalletError, demand } from './errors.js';
import { FORM_TYPE, judgedUrl, request, requireSuccess } from './http.js';
import { agree, encrypt } from './jwe.js';
import { present, readCredential } from './sd_jwt.js';
import { readCertificate } from './certificate.js';

export { resolveRequest } from './requests.js';

/**
 * @typedef {import('./requests.js').PresentationRequest} PresentationRequest
 * @typedef {{id: string, credential: string | {text: string}, privateKey: CryptoKey,
 *   paths: (string | number)[][]}} Chosen
 */

/**
 * Answer a request.
 * @param {PresentationRequest} request_
 * @param {Chosen[]} chosen by credential query id; several of one id only where it allows `multiple`
 * @param {{now?: number}} [options]
 * @returns {Promise<{redirectUri: string | null, receipts: unknown, shown: {id: string, text: string}[]}>} where the
 *   verifier sends the browser next, the receipts it gives, not judged yet, and what was sent
 * Throws `nothing_to_show`, `not_asked_for`, `transaction_refused`, `encryption_missing` before anything is sent, and
 * `server_refused` (with `problem`, `redirectUri`, `receipts` and `shown`) where the verifier refuses.
 */
export async function answer(request_, chosen, { now } = {}) {
  const confirmed = confirmations(request_, chosen);
  /** @type {Record<string, string[]>} */
  const token = {};
  const shown = [];
  for (const [place, one] of chosen.entries()) {
    const text = await present(one.credential, one.paths, {
      audience: request_.clientId,
      nonce: request_.nonce,
      issuedAt: now,
      privateKey: one.privateKey,
      transactionData: confirmed.get(place),
    });
    if (!Object.hasOwn(token, one.id)) token[one.id] = [];
    token[one.id].push(text);
    shown.push({ id: one.id, text });
  }
  await requireAsked(request_.query, shown);
  const state = request_.state === null ? {} : { state: request_.state };
  if (request_.responseMode === 'direct_post') {
    return sendShown(request_, { vp_token: JSON.stringify(token), ...state }, shown);
  }
  const { jwks, encrypted_response_enc_values_supported: encryptions } = request_.clientMetadata;
  const { recipientJwk, enc } = agree(jwks?.keys, encryptions);
  const plain = utf8(JSON.stringify({ vp_token: token, ...state }));
  return sendShown(request_, { response: await encrypt(plain, recipientJwk, { enc }) }, shown);
}

/** @param {PresentationRequest} request_ @param {Record<string, string>} form @param {{id: string, text: string}[]} shown */
async function sendShown(request_, form, shown) {
  try {
    return { ...(await post(request_, form)), shown };
  } catch (refused) {
    // Whoever refuses has seen it all the same.
    if (refused instanceof WalletError) refused.shown = shown;
    throw refused;
  }
}

/**
 * Tell the verifier that the holder does not answer (section 8.5).
 * @param {PresentationRequest} request_
 * @param {string} [error]
 * @returns {Promise<{redirectUri: string | null}>}
 */
export async function decline(request_, error = 'access_denied') {
  return post(request_, { error, ...(request_.state === null ? {} : { state: request_.state }) });
}

/**
 * Say which shown credential confirms which transactions: each exactly one, the first shown of those it names.
 * @param {PresentationRequest} request_
 * @param {Chosen[]} chosen
 * @returns {Map<number, string[]>} by place in `chosen`, the transactions as they were sent
 */
function confirmations(request_, chosen) {
  const found = new Map();
  for (const { credentialIds, encoded } of request_.transactionData) {
    const place = chosen.findIndex(({ id }) => credentialIds.includes(id));
    demand(place >= 0, 'transaction_refused', 'a transaction names no credential that is shown');
    found.set(place, [...(found.get(place) ?? []), encoded]);
  }
  return found;
}

/** @param {Record<string, any>} query @param {{id: string, text: string}[]} shown */
async function requireAsked(query, shown) {
  const answered = [...new Set(shown.map(({ id }) => id))];
  for (const id of answered) {
    const asked = query.credentials.find((/** @type {any} */ one) => one.id === id);
    const count = shown.filter((one) => one.id === id).length;
    demand(asked && (count === 1 || asked.multiple), 'not_asked_for', 'a credential that is not asked for');
  }
  const described = await Promise.all(shown.map(describe));
  const { matches, sets } = evaluate(query, described, { presented: true });
  for (const [place, { id }] of shown.entries()) {
    const fits = matches[id].some(({ index }) => index === place);
    demand(fits, 'nothing_to_show', 'a credential shows less than its query needs');
    requireNoMore(query, id, described[place]);
  }
  const complete = sets.some((set) => set.length === answered.length && set.every((id) => answered.includes(id)));
  demand(complete, 'nothing_to_show', 'the credentials shown do not make up an answer');
}

/** @param {Record<string, any>} query @param {string} id @param {{disclosures: {path: any[]}[]}} shown */
function requireNoMore(query, id, { disclosures }) {
  const { claims = [] } = query.credentials.find((/** @type {any} */ one) => one.id === id);
  for (const { path } of disclosures) {
    const asked = claims.some((/** @type {any} */ claim) => leadsInto(claim.path, path));
    demand(asked, 'not_asked_for', 'a claim that is not asked for');
  }
}

/** Tell whether a pointer and a place lie on one way. @param {any[]} pointer @param {any[]} place */
function leadsInto(pointer, place) {
  const shorter = Math.min(pointer.length, place.length);
  return pointer.slice(0, shorter).every((step, at) => (
    typeof step === 'string' ? step === place[at] : typeof place[at] === 'number'
  ));
}

/** @param {{text: string}} shown */
async function describe({ text }) {
  const { claims, header, disclosures } = await readCredential(text.slice(0, text.lastIndexOf('~') + 1));
  const authorities = (header.x5c ?? []).map((/** @type {string} */ one) => readCertificate(one).authorityKeyId);
  return { format: 'dc+sd-jwt', vct: claims.vct, claims, disclosures, authorityKeyIds: authorities.filter(Boolean) };
}

/** @param {PresentationRequest} request_ @param {Record<string, string>} form */
async function post(request_, form) {
  const reply = await request(request_.responseUri, {
    method: 'POST',
    headers: { 'Content-Type': FORM_TYPE },
    body: new URLSearchParams(form).toString(),
  });
  const redirectUri = nextOf(reply.json?.redirect_uri);
  const receipts = reply.json?.receipts;
  try {
    requireSuccess(reply);
  } catch (refused) {
    if (refused instanceof WalletError) Object.assign(refused, { redirectUri, receipts });
    throw refused;
  }
  return { redirectUri, receipts };
}

/** Only pages are gone to: a `javascript:` address would run in the wallet. @param {unknown} uri */
function nextOf(uri) {
  try {
    return typeof uri === 'string' && judgedUrl(uri.split('#')[0]) ? uri : null;
  } catch {
    return null;
  }
}
