// @ts-check
// Judge the consent receipts that come with a verifier's answer, and ask about one later. A receipt that holds is
// 1. a strict JWS of its type, signed by the key in its header,
// 2. which the register lists for receipts of the party that asked (without a register nobody vouches for it),
// 3. about this presentation: the digest of its key-binding JWT, the client id it named, its nonce,
// 4. and it says what happened: who, now, exactly the claims that were shown, the result that the answer gave,
// 5. in the form that the pages show: else whoever wrote it could keep the holder from his own history.
// Whatever does not hold, and a receipt that was promised and did not come, is a concern to tell the holder of. So is
// what contradicts the request or the register (`told.js`); that receipt is kept, for it proves as much.
import { encode } from './base64url.js';
import { SKEW_S, now as currentTime, randomText, sha256 } from './crypto.js';
import { WalletError, demand } from './errors.js';
import { judgedUrl, request, requireText } from './http.js';
import { parseJws, signJwt, thumbprint, verifyJws } from './jose.js';
import { isObject } from './json.js';
import { verifyLogged } from './log_proof.js';
import { isNames, isReceipt, isRecord } from './receipt_shapes.js';
import { readCredential } from './sd_jwt.js';
import { contradictions, toldBy } from './told.js';

const RECEIPT_TYPE = 'consent-receipt+jwt';
const PROOF_TYPE = 'receipt-proof+jwt';
const STATEMENT_TYPE = 'receipt-statement+jwt';
const MAX_RECEIPT = 16_384;
const MAX_RECEIPTS = 8;
const VERSION = 1;
const ABOUT_CREDENTIAL = new Set(['iss', 'nbf', 'exp', 'cnf', 'vct', 'vct#integrity', 'aka_vcts', 'status', 'iat']);

/** What a receipt can be reproached with, so that the pages can be held to have a sentence for each. */
export const CONCERNS = Object.freeze([
  'receipt_refused', 'receipt_of_another', 'receipt_claims_more', 'receipt_claims_less', 'receipt_of_another_result',
  'receipt_missing', 'receipt_of_another_purpose', 'receipt_kept_longer',
]);

/**
 * @typedef {{urls: string[], receiptKeys: string[], logKeys?: string[]}} Promised what the register knows of the party
 * @typedef {{text: string, audience: string, nonce: string, place: number}} Shown a presentation as it was sent
 * @typedef {{text: string, claims: Record<string, any>, binding: string, place: number, vouched: boolean}} Kept
 */

/**
 * Judge the receipts of an answer.
 * @param {unknown} texts as they came
 * @param {Shown[]} shown what was sent
 * @param {Promised | null} promised null where there is no register
 * @param {{accepted: boolean, now?: number, told?: import('./told.js').Told}} answer whether the verifier said that it
 *   accepts what was sent, and what the holder was told before
 * @returns {Promise<{kept: Kept[], concerns: string[]}>}
 */
export async function judgeReceipts(texts, shown, promised, { accepted, now = currentTime(), told = toldBy({}, null) }) {
  const open = new Map();
  for (const one of shown) open.set(encode(await sha256(bindingOf(one.text))), one);
  const kept = [];
  const concerns = new Set();
  const wrong = [];
  for (const text of Array.isArray(texts) ? texts.slice(0, MAX_RECEIPTS) : []) {
    try {
      const receipt = await judgeReceipt(text, open, promised, { accepted, now });
      open.delete(receipt.claims.presented);
      kept.push(receipt);
      // Beside it, so that a missing receipt stays a concern of its own.
      wrong.push(...contradictions(receipt.claims, told, accepted));
    } catch (failure) {
      concerns.add(failure instanceof Reproach ? failure.concern : 'receipt_refused');
    }
  }
  const missing = open.size > 0 && concerns.size === 0 && promised !== null && promised.receiptKeys.length > 0;
  if (missing) concerns.add('receipt_missing');
  return { kept, concerns: [...new Set([...concerns, ...wrong])] };
}

class Reproach extends Error {
  /** @param {string} concern */
  constructor(concern) {
    super(concern);
    this.concern = concern;
  }
}

/** @param {unknown} holds @param {string} concern @returns {asserts holds} */
function hold(holds, concern) {
  if (!holds) throw new Reproach(concern);
}

/**
 * @param {any} text @param {Map<string, Shown>} open @param {Promised | null} promised
 * @param {{accepted: boolean, now: number}} answer
 * @returns {Promise<Kept>}
 */
async function judgeReceipt(text, open, promised, { accepted, now }) {
  const { claims, key } = await readSigned(text, RECEIPT_TYPE, MAX_RECEIPT);
  const vouched = promised !== null;
  hold(!vouched || (promised.receiptKeys.includes(key) && promised.urls.includes(claims.iss)), 'receipt_refused');
  const one = open.get(claims.presented);
  hold(one && claims.audience === one.audience && claims.nonce === one.nonce, 'receipt_of_another');
  const current = Number.isSafeInteger(claims.iat) && Math.abs(now - claims.iat) <= 5 * SKEW_S;
  hold(claims.v === VERSION && current && isReceipt(claims), 'receipt_refused');
  requireSame(claims.claims, await shownNames(one.text), accepted);
  hold((claims.result === 'verified') === accepted, 'receipt_of_another_result');
  return { text, claims, binding: bindingOf(one.text), place: one.place, vouched };
}

/** @param {unknown} said @param {Set<string>} shown @param {boolean} accepted */
function requireSame(said, shown, accepted) {
  // A verifier that could not read what was shown cannot say what it was.
  if (said === null && !accepted) return;
  hold(isNames(said), 'receipt_refused');
  const names = new Set(/** @type {string[]} */ (said));
  hold([...names].every((name) => shown.has(name)), 'receipt_claims_more');
  hold([...shown].every((name) => names.has(name)), 'receipt_claims_less');
}

/**
 * Name the claims that a presentation shows: `claim`, or `claim.member` where the members are disclosed one by one.
 * @param {string} text
 * @returns {Promise<Set<string>>}
 */
export async function shownNames(text) {
  const { claims, disclosures } = await readCredential(text.slice(0, text.lastIndexOf('~') + 1));
  const whole = new Set(disclosures.filter(({ path }) => path.length === 1).map(({ path }) => path[0]));
  const names = new Set();
  for (const [name, value] of Object.entries(claims)) {
    if (ABOUT_CREDENTIAL.has(name)) continue;
    if (!isObject(value) || whole.has(name)) names.add(name);
    else for (const member of Object.keys(value)) names.add(`${name}.${member}`);
  }
  return names;
}

/**
 * Ask who gave a receipt what is recorded about it; the question goes to him and nowhere else.
 * @param {{text: string, claims: Record<string, any>, binding: string, vouched: boolean}} receipt
 * @param {{privateKey: CryptoKey, publicJwk: Record<string, any>}} key the presentation's device key
 * @param {Promised | null} promised what the register knows of him now
 * @param {{now?: number}} [options]
 * @returns {Promise<Record<string, any>>} the claims of a statement that holds; `logged` is `signed` where it proves that
 *   a checkpoint of his log commits to the record, `shown` where whose checkpoint that is could not be told, else null
 * Throws `receipt_statement` where it does not, and what `http.request` throws.
 */
export async function askAbout({ text, claims, binding, vouched }, key, promised, { now = currentTime() } = {}) {
  const digest = encode(await sha256(text));
  const said = { aud: claims.iss, iat: now, jti: randomText(24), receipt: digest, key_binding: binding };
  const proof = await signJwt({ typ: PROOF_TYPE, jwk: key.publicJwk }, said, key.privateKey);
  const url = `${claims.iss}/receipts/query`;
  judgedUrl(url);
  const answer = await request(url, {
    method: 'POST',
    accept: `application/${STATEMENT_TYPE}`,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ receipt: text, proof }),
  });
  const statement = await readSigned(requireText(answer, `application/${STATEMENT_TYPE}`), STATEMENT_TYPE);
  // What a register vouched for once, nobody's word alone answers for.
  const theirs = promised === null ? !vouched : promised.receiptKeys.includes(statement.key);
  const { iss, iat, receipt, receipt_digest: about, standing, record, log } = statement.claims;
  demand(theirs && iss === claims.iss, 'receipt_statement', 'the statement is not signed by who asked');
  demand(receipt === claims.jti && about === digest, 'receipt_statement', 'the statement is about another receipt');
  const current = Number.isSafeInteger(iat) && Math.abs(now - iat) <= 5 * SKEW_S;
  const told = ['erased', 'unknown'].includes(standing) || (standing === 'kept' && isRecord(record));
  demand(current && told, 'receipt_statement', 'the statement says nothing');
  // That a record was erased nobody need believe of one that never was.
  const proved = standing === 'erased' || (standing === 'kept' && isObject(log) && log.inclusion !== null);
  const logged = proved ? await verifyLogged(log?.inclusion, claims, promised?.logKeys ?? []) : null;
  return { ...statement.claims, logged };
}

/** @param {any} text @param {string} typ @param {number} [maxLength] */
async function readSigned(text, typ, maxLength) {
  const jws = parseJws(text, { typ, maxLength });
  if (!isObject(jws.header.jwk)) throw new WalletError('malformed_jws', 'the header shows no key');
  return { claims: await verifyJws(jws, jws.header.jwk), key: await thumbprint(jws.header.jwk) };
}

/** @param {string} presentation */
function bindingOf(presentation) {
  return presentation.slice(presentation.lastIndexOf('~') + 1);
}
