// @ts-check
// Judge a credential before the wallet keeps it:
// 1. The strict form and every disclosure in its place (RFC 9901 section 7.1).
// 2. `iss` is the issuer we spoke with; where the credential shows a certificate, it was made for that issuer (and then
//    `iss` may be left out). A key that the issuer's web server publishes has signed; where it publishes none, the
//    certificate's. The wallet got the credential from that server over TLS; who later relies on it knows anchors.
// 3. `vct` is the one that was announced, `vct#integrity` the hash of the type metadata found there; what the
//    metadata says of `sd` and `mandatory` holds. A type that says nothing of itself has nothing to hold.
// 4. `cnf` names one of the device keys we proved, each key once.
// 5. It is current.
import { SKEW_S } from './crypto.js';
import { select } from './dcql.js';
import { WalletError, demand } from './errors.js';
import { request, requireJson } from './http.js';
import { configurationOf, wellKnown } from './issuers.js';
import { publicMembers, thumbprint, verifyJws } from './jose.js';
import { isObject } from './json.js';
import { readCredential } from './sd_jwt.js';
import { readLeaf, requireName } from './trust.js';
import { fetchType } from './type_metadata.js';

const MAX_KEYS = 64;

/**
 * Judge the credentials of one answer, all of them or none.
 * @param {string[]} texts
 * @param {{issuer: import('./issuers.js').Issuer, configurationId: string, publicJwks: Record<string, any>[],
 *   now: number}} expected
 * @returns {Promise<{text: string, keyIndex: number}[]>} each with which of the device keys it is bound to
 */
export async function judge(texts, { issuer, configurationId, publicJwks, now }) {
  demand(texts.length <= publicJwks.length, 'credential_not_ours', 'more credentials than keys were proved');
  const waiting = new Map();
  for (const [index, jwk] of publicJwks.entries()) waiting.set(await thumbprint(jwk), index);
  const published = await publishedKeys(issuer.url);
  const { vct } = configurationOf(issuer, configurationId);
  const kept = [];
  for (const text of texts) {
    const credential = await readCredential(text);
    await verifySigner(credential, issuer.url, published, now);
    demand(credential.claims.vct === vct, 'credential_type', 'another type than was announced');
    const integrity = credential.claims['vct#integrity'];
    if (integrity !== undefined) checkClaims(credential, (await fetchType(vct, integrity)).document);
    kept.push({ text, keyIndex: await takeKey(credential, waiting) });
    checkTime(credential.claims, now);
  }
  return kept;
}

/**
 * Fetch the keys with which an issuer says it signs (draft-ietf-oauth-sd-jwt-vc section 3.5), by thumbprint; null where
 * it says nothing.
 * @param {string} url
 * @returns {Promise<Map<string, Record<string, any>> | null>}
 */
export async function publishedKeys(url) {
  const answer = await request(wellKnown(url, 'jwt-vc-issuer'));
  if (answer.status === 404) return null;
  const document = requireJson(answer);
  demand(document.issuer === url, 'issuer_mismatch', "the keys are another issuer's");
  const keys = isObject(document.jwks) ? document.jwks.keys : null;
  demand(Array.isArray(keys) && keys.length <= MAX_KEYS, 'malformed_issuer', 'no keys');
  const found = new Map();
  for (const key of keys) {
    try {
      found.set(await thumbprint(key), publicMembers(key));
    } catch {
      // Keys of kinds that we do not speak may stand beside ours.
    }
  }
  return found;
}

/**
 * @param {import('./sd_jwt.js').Credential} credential @param {string} url @param {any} published
 * @param {number} now
 */
async function verifySigner(credential, url, published, now) {
  const leaf = readLeaf(credential.header, now);
  if (leaf) requireName(leaf, url);
  const { iss } = credential.claims;
  demand(iss === url || (iss === undefined && leaf), 'issuer_mismatch', "the credential is not this issuer's");
  const id = leaf ? await thumbprint(leaf.publicJwk) : credential.header.kid;
  const key = published ? published.get(id) : leaf?.publicJwk;
  if (!key) throw new WalletError('bad_signature', 'the issuer does not know the key that signed');
  await verifyJws(credential.jws, key);
}

/** @param {import('./sd_jwt.js').Credential} credential @param {Map<string, number>} waiting */
async function takeKey(credential, waiting) {
  const jwk = credential.claims.cnf?.jwk;
  const id = jwk ? await thumbprint(jwk) : '';
  const index = waiting.get(id);
  if (index === undefined) throw new WalletError('credential_not_ours', 'it is bound to no key of ours');
  waiting.delete(id);
  return index;
}

/** @param {Record<string, any>} claims @param {number} now */
function checkTime(claims, now) {
  const begins = Math.max(claims.iat ?? 0, claims.nbf ?? 0);
  const current = begins <= now + SKEW_S && (claims.exp === undefined || claims.exp > now);
  demand(current, 'credential_expired', 'it is not current');
}

/**
 * Hold a credential against what its type says of each claim.
 * @param {any} credential @param {Record<string, any>} type
 */
function checkClaims(credential, type) {
  for (const claim of type.claims ?? []) {
    const found = select(credential.claims, claim.path);
    demand(found.length > 0 || claim.mandatory !== true, 'credential_type', 'a mandatory claim is missing');
    for (const { path } of found) {
      // The claim itself counts, not its parts: an object of which each member can be kept back is still there.
      const spelled = JSON.stringify(path);
      const selectable = credential.disclosures.some((/** @type {any} */ one) => JSON.stringify(one.path) === spelled);
      const rule = claim.sd ?? 'allowed';
      demand(rule === 'allowed' || (rule === 'always') === selectable, 'credential_type', '`sd` does not hold');
    }
  }
}
