// @ts-check
// Know what relying parties are registered to ask for: `/relying-parties.jwt` of a member that the wallet holds a
// credential of. The list is fetched whole, so that nobody learns by it whom the holder is about to answer. Wallets of
// other makers will not look here; so the verifying node holds its own requests against the same register as well.
import { now as currentTime } from './crypto.js';
import { WalletError, demand } from './errors.js';
import { request, requireText } from './http.js';
import { parseJws, thumbprint, verifyJws } from './jose.js';
import { isObject } from './json.js';
import { readLeaf, requireName } from './trust.js';

const LIST_TYPE = 'jeung-relying-parties+jwt';
const MEDIA_TYPE = `application/${LIST_TYPE}`;
const PROFILE_FORMAT = 'urn:jeung:request-profile:1';
const MAX_LIST = 2 * 1024 * 1024;
const MAX_PARTIES = 4_096;

/**
 * @typedef {{name: string, purpose: string, digest: string, vct_values: string[], claims: string[],
 *   required: string[], assurance_level: string}} Profile
 * @typedef {{query: string, path: (string | number | null)[] | null}} OverAsked a `path` of null: the type itself is
 *   not in the profile
 */

/**
 * Hold a request against the register.
 * @param {string} issuerOrigin the member's URL
 * @param {import('./requests.js').PresentationRequest} request_
 * @param {{now?: number}} [options]
 * @returns {Promise<{known: boolean, active?: boolean, urls?: string[], receiptKeys?: string[], logKeys?: string[], profile?: Profile,
 *   overAsked: OverAsked[]}>} `known`: the sender, whose `urls` and keys for receipts and log these are, is a registered relying party; `profile` is the one it names, else the one that fits best; `overAsked` what
 *   it asks beyond that, all of it where there is no profile
 * Throws `register_refused` where the list itself does not hold, and what `http.request` throws.
 */
export async function lookUp(issuerOrigin, request_, { now = currentTime() } = {}) {
  return judge(await fetchList(issuerOrigin, now), request_);
}

/**
 * Say what the register knows of the receipts of a relying party, by one of its URLs.
 * @param {string} issuerOrigin the member's URL
 * @param {string} party
 * @param {{now?: number}} [options]
 * @returns {Promise<{urls: string[], receiptKeys: string[], logKeys: string[]}>} none where it is not registered; throws as `lookUp`
 */
export async function promiseOf(issuerOrigin, party, { now = currentTime() } = {}) {
  const found = (await fetchList(issuerOrigin, now)).find(({ urls }) => urls.includes(party));
  return receiptsOf(found ?? { urls: [] });
}

/** @param {Record<string, any>} party */
function receiptsOf({ urls, receipt_keys: receiptKeys = [], log_keys: logKeys = [] }) {
  return { urls, receiptKeys, logKeys };
}

/** @param {string} issuerOrigin @param {number} now */
async function fetchList(issuerOrigin, now) {
  const url = issuerOrigin.replace(/\/$/, '');
  const answer = await request(`${url}/relying-parties.jwt`, {
    accept: `${MEDIA_TYPE}, application/jwt;q=0.9`, limitBytes: MAX_LIST,
  });
  return readList(requireText(answer, MEDIA_TYPE, 'application/jwt'), url, now);
}

/**
 * Verify a list and give its parties.
 * @param {string} text
 * @param {string} url the member's
 * @param {number} now seconds UTC
 * @returns {Promise<Record<string, any>[]>}
 */
export async function readList(text, url, now) {
  const jws = parseJws(text, { typ: LIST_TYPE, maxLength: MAX_LIST });
  const leaf = readLeaf(jws.header, now);
  if (!leaf) throw new WalletError('register_refused', 'the list names no certificate');
  requireName(leaf, url);
  const { iss, exp, relying_parties: parties } = await verifyJws(jws, leaf.publicJwk);
  demand(iss === url, 'register_refused', "the list is another member's");
  demand(Number.isInteger(exp) && exp > now, 'register_refused', 'the list is too old');
  const shape = Array.isArray(parties) && parties.length <= MAX_PARTIES && parties.every(isParty);
  demand(shape, 'register_refused', 'the list has another shape');
  return parties;
}

/** @param {Record<string, any>[]} parties @param {import('./requests.js').PresentationRequest} request_ */
async function judge(parties, request_) {
  const { certificate, query, claims } = request_;
  const key = await thumbprint(certificate.publicJwk);
  const party = parties.find(({ urls, request_keys: keys }) => (
    urls.some((/** @type {string} */ url) => certificate.uriNames.includes(url)) && (!keys || keys.includes(key))
  ));
  const everything = query.credentials.map((/** @type {any} */ asked) => ({ query: asked.id, path: null }));
  if (!party) return { known: false, overAsked: everything };
  const active = party.status === 'active';
  const named = namedProfile(claims);
  const fitting = party.profiles
    .filter((/** @type {any} */ profile) => named === null || profile.name === named)
    .map((/** @type {Profile} */ profile) => ({ profile, overAsked: beyond(profile, query) }))
    .sort((/** @type {any} */ a, /** @type {any} */ b) => a.overAsked.length - b.overAsked.length);
  return { known: true, active, ...receiptsOf(party), ...(fitting[0] ?? { overAsked: everything }) };
}

/** Give the profile that a request says it is under. @param {Record<string, any>} claims @returns {string | null} */
function namedProfile(claims) {
  const infos = Array.isArray(claims.verifier_info) ? claims.verifier_info.filter(isObject) : [];
  const ours = infos.find(({ format }) => format === PROFILE_FORMAT);
  return isObject(ours?.data) && typeof ours.data.profile === 'string' ? ours.data.profile : null;
}

/** @param {Profile} profile @param {Record<string, any>} query @returns {OverAsked[]} */
function beyond(profile, query) {
  /** @type {OverAsked[]} */
  const found = [];
  for (const asked of query.credentials) {
    const types = asked.meta.vct_values ?? [];
    if (types.length === 0 || !types.every((/** @type {string} */ vct) => profile.vct_values.includes(vct))) {
      found.push({ query: asked.id, path: null });
      continue;
    }
    for (const { path } of asked.claims ?? []) {
      // A profile names a claim as a whole, or one member of it with a dot.
      const allowed = profile.claims.includes(path[0]) || profile.claims.includes(`${path[0]}.${path[1]}`);
      if (!allowed) found.push({ query: asked.id, path });
    }
  }
  return found;
}

/** @param {unknown} party */
function isParty(party) {
  const keys = isObject(party) && [party.receipt_keys, party.log_keys].every((one) => one === undefined || texts(one));
  return keys && isObject(party) && texts(party.urls) && Array.isArray(party.profiles) && party.profiles.every(isProfile);
}

/** @param {unknown} profile */
function isProfile(profile) {
  return isObject(profile) && typeof profile.name === 'string' && texts(profile.vct_values) && texts(profile.claims);
}

/** @param {unknown} value */
function texts(value) {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
