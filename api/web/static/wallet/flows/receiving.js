/** Receives credentials: reads an offer, gets a token one way or the other, fetches, keeps. */

import { configurationOf } from '../core/issuers.js';
import {
  fetchCredentials,
  fetchDeferred,
  finishAuthorization,
  loadIssuer,
  notify,
  redeem,
  resolveOffer,
  startAuthorization,
} from '../core/issuance.js';
import { readCredential } from '../core/sd_jwt.js';
import { fetchType } from '../core/type_metadata.js';
import { hostOf } from '../lib/format.js';
import { keep } from '../store/credentials.js';
import { dropKeys, makeKeys, readKeys } from '../store/device_keys.js';
import { note } from '../store/history.js';
import { keepPending, takePending } from '../store/pending.js';
import { describeConfiguration, inLanguage } from './descriptions.js';

const MAX_COPIES = 10;
const AUTHORIZATION = 'authorization';

/**
 * @typedef {object} Opened
 * @property {import('../core/offers.js').Offer} offer
 * @property {import('../core/issuers.js').Issuer} issuer
 * @property {string} issuerName
 * @property {string} issuerHost
 * @property {ReturnType<typeof describeConfiguration>[]} credentials
 * @property {'code' | 'page'} way how the issuer wants to know who asks.
 */

/**
 * Read an offer and who makes it; nothing is received yet.
 * @param {string} text
 * @returns {Promise<Opened>}
 */
export async function openOffer(text) {
  const offer = await resolveOffer(text);
  const issuer = await loadIssuer(offer);
  const credentials = offer.configurationIds.map((id) => describeConfiguration(id, configurationOf(issuer, id)));
  const host = hostOf(issuer.url);
  const issuerName = inLanguage(issuer.metadata.display, 'name') || host;
  const way = offer.preAuthorizedCode !== null ? 'code' : 'page';
  return { offer, issuer, issuerName, issuerHost: host, credentials, way };
}

/**
 * Receive with the code of the offer.
 * @param {Opened} opened
 * @param {string} [txCode]
 */
export async function receive({ offer, issuer, issuerName }, txCode) {
  const [dpopKey] = await makeKeys(1);
  try {
    const token = await redeem(issuer, offer, { txCode, dpopKey });
    return await fetchAll({ issuer, issuerName, token, configurationIds: offer.configurationIds, dpopKey });
  } catch (error) {
    await dropKeys([dpopKey.id]);
    throw error;
  }
}

/**
 * Prepare the way over the issuer's consent page.
 * @param {Opened} opened
 * @returns {Promise<string>} where the browser must go.
 */
export async function leaveForConsent({ offer, issuer, issuerName }) {
  const [dpopKey] = await makeKeys(1);
  const redirectUri = `${location.origin}/wallet/return`;
  const { url, pending } = await startAuthorization(issuer, offer, { redirectUri, clientId: `${location.origin}/wallet`, dpopKey });
  await keepPending(AUTHORIZATION, { pending, issuerName, dpopKeyId: dpopKey.id });
  return url;
}

/**
 * Go on where the issuer's page led back.
 * @param {string} address
 */
export async function comeBack(address) {
  const waiting = await takePending(AUTHORIZATION);
  if (!waiting) throw Object.assign(new Error('nothing was begun'), { code: 'state_mismatch' });
  const [dpopKey] = await readKeys([waiting.dpopKeyId]);
  const { pending, issuerName } = waiting;
  const callback = address.replace(/#.*$/s, '');
  const token = await finishAuthorization(pending, callback, { dpopKey });
  return fetchAll({ issuer: pending.issuer, issuerName, token, configurationIds: pending.configurationIds, dpopKey });
}

/**
 * @typedef {object} Grant
 * @property {import('../core/issuers.js').Issuer} issuer
 * @property {string} issuerName
 * @property {import('../core/tokens.js').Token} token
 * @property {string[]} configurationIds
 * @property {import('../store/device_keys.js').DeviceKey} dpopKey
 */

/** @param {Grant} grant */
async function fetchAll(grant) {
  const outcomes = [];
  for (const id of grant.configurationIds) outcomes.push(await fetchOne(grant, id));
  const waits = outcomes.some((one) => one === null);
  // The key proves possession of the token; while nothing is awaited it has no further use.
  if (!waits) await dropKeys([grant.dpopKey.id]);
  return { held: outcomes.filter((one) => one !== null), waits, issuerName: grant.issuerName };
}

/** @param {Grant} grant @param {string} configurationId */
async function fetchOne({ issuer, issuerName, token, dpopKey }, configurationId) {
  const keys = await makeKeys(Math.min(issuer.batchSize, MAX_COPIES));
  try {
    const answer = await fetchCredentials(issuer, token, configurationId, keys, { dpopKey });
    if (answer.deferred) {
      const { transactionId, interval } = answer.deferred;
      const keyIds = keys.map((key) => key.id);
      await keepPending(`deferred-${crypto.randomUUID()}`, { issuer, issuerName, token, configurationId, transactionId, interval, keyIds, dpopKeyId: dpopKey.id });
      return null;
    }
    return await store({ issuer, issuerName, token, dpopKey }, keys, answer);
  } catch (error) {
    await dropKeys(keys.map((key) => key.id));
    throw error;
  }
}

/**
 * Ask again for what an issuer was not ready to give.
 * @param {string} id
 */
export async function fetchAwaited(id) {
  const waiting = await takePending(id);
  if (!waiting) return null;
  const { issuer, issuerName, token, configurationId, transactionId, keyIds, dpopKeyId } = waiting;
  const [dpopKey, ...keys] = await readKeys([dpopKeyId, ...keyIds]);
  try {
    const answer = await fetchDeferred(issuer, token, configurationId, transactionId, keys, { dpopKey });
    if (!answer.deferred) return await store({ issuer, issuerName, token, dpopKey }, keys, answer);
    await keepPending(id, waiting);
    return null;
  } catch (error) {
    // Only the issuer's own no is an end; a network that is away is not.
    if (/** @type {any} */ (error).code !== 'server_refused') await keepPending(id, waiting);
    throw error;
  }
}

/**
 * @param {Omit<Grant, 'configurationIds'>} grant
 * @param {import('../store/device_keys.js').DeviceKey[]} keys
 * @param {Awaited<ReturnType<typeof fetchCredentials>>} answer
 */
async function store({ issuer, issuerName, token, dpopKey }, keys, { credentials, keyIndexes, notificationId }) {
  const { claims } = await readCredential(credentials[0]);
  const integrity = claims['vct#integrity'];
  const type = integrity ? (await fetchType(claims.vct, integrity)).document : null;
  const copies = credentials.map((text, place) => ({ text, keyId: keys[keyIndexes[place]].id, shown: 0 }));
  const held = await keep({ issuer: issuer.url, issuerName, vct: claims.vct, type, copies });
  const unused = keys.filter((_, index) => !keyIndexes.includes(index)).map((key) => key.id);
  await dropKeys(unused);
  const name = type ? (inLanguage(type.display, 'name') || claims.vct) : claims.vct;
  await note({ kind: 'received', party: issuerName, clientId: issuer.url, credential: name });
  // That the issuer hears of it is a courtesy.
  await notify(issuer, token, notificationId, 'credential_accepted', { dpopKey }).catch(() => {});
  return held;
}
