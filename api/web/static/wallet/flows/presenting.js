/** Answers requests: reads one, finds what could answer it, sends what the customer chose. */

import { evaluate } from '../core/dcql.js';
import { answer, decline, resolveRequest } from '../core/presentation.js';
import { readCertificate } from '../core/certificate.js';
import { lookUp } from '../core/registry.js';
import { readKeys } from '../store/device_keys.js';
import { listHeld, takeCopy } from '../store/credentials.js';
import { note } from '../store/history.js';
import { keepingKeys } from '../store/receipt_keys.js';
import { claimValue } from '../lib/format.js';
import { keepReceipts } from './receipts.js';
import { faceOf, labelOf } from './cards.js';
import { transactionLines } from './transactions.js';

/** @typedef {import('../core/presentation.js').PresentationRequest} PresentationRequest */
/** @typedef {import('../store/credentials.js').Held} Held */
/** @typedef {Awaited<ReturnType<typeof faceOf>> & { held: Held }} Described */
/** @typedef {{ path: (string | number)[], label: string, value: string, required: boolean }} Item */
/** @typedef {{ described: Described, items: Item[] }} Candidate */
/** @typedef {{ id: string, candidates: Candidate[] }} Part */
/** @typedef {Awaited<ReturnType<typeof lookUp>> | null} Registration null where nobody could be asked. */
/**
 * @typedef {object} OpenedRequest
 * @property {PresentationRequest} request
 * @property {Part[]} parts what is asked for, each with the credentials that would do; none where nothing would.
 * @property {string | undefined} register the member whose list of relying parties is believed.
 * @property {Registration} registration
 * @property {{ title: string, lines: string[][] }[]} transactions
 */

/**
 * Read a request and find what could answer it. Nothing is sent.
 * @param {string} link
 * @returns {Promise<OpenedRequest>}
 */
export async function openRequest(link) {
  const request = await resolveRequest(link);
  const held = await listHeld();
  const described = await Promise.all(held.map(async (one) => ({ ...(await faceOf(one)), held: one })));
  const { satisfied, sets, matches } = evaluate(request.query, described.map(asHeld));
  const ids = satisfied ? sets[0] : [];
  const parts = ids.map((id) => ({ id, candidates: matches[id].map((match) => candidate(described[match.index], match)) }));
  const issuers = parts.length > 0 ? parts[0].candidates.map((one) => one.described.held.issuer) : held.map((one) => one.issuer);
  return { request, parts, register: issuers[0], registration: await registrationAt(issuers[0], request), transactions: request.transactionData.map(transactionLines) };
}

/** @param {Described} described */
function asHeld({ claims, header }) {
  const certificates = Array.isArray(header.x5c) ? header.x5c : [];
  const authorityKeyIds = certificates.map((one) => readCertificate(one).authorityKeyId).filter((one) => one !== null);
  return { format: 'dc+sd-jwt', vct: claims.vct, claims, authorityKeyIds };
}

/**
 * @param {Described} described
 * @param {{ required: any[], optional: any[] }} match
 * @returns {Candidate}
 */
function candidate(described, { required, optional }) {
  const item = (/** @type {boolean} */ needed) => (/** @type {(string | number)[]} */ path) => ({
    path,
    label: labelOf(described.type, path),
    value: claimValue(valueAt(described.claims, path), path.at(-1)),
    required: needed,
  });
  return { described, items: [...required.map(item(true)), ...optional.map(item(false))] };
}

/** @param {any} claims @param {(string | number)[]} path */
function valueAt(claims, path) {
  return path.reduce((value, step) => value?.[step], claims);
}

/**
 * Ask the issuer's register what the verifier may ask for.
 * @param {string | undefined} issuer
 * @param {PresentationRequest} request
 * @returns {Promise<Registration>}
 */
async function registrationAt(issuer, request) {
  if (!issuer) return null;
  return lookUp(issuer, request).catch(() => null);
}

/**
 * Tell why the wallet itself refuses a request, null where it does not.
 * @param {OpenedRequest} opened
 */
export function refusalOf({ registration }) {
  if (!registration?.known) return null;
  if (registration.active === false) return 'party_not_active';
  return registration.overAsked.length > 0 ? 'over_asked' : null;
}

/**
 * Send what was chosen. Each copy is counted as shown before it leaves, and its key stays until the receipt is kept.
 * @param {OpenedRequest} opened
 * @param {{ id: string, candidate: Candidate, items: Item[] }[]} chosen
 * @returns {Promise<{ redirectUri: string | null, receipt: string, concerns: string[] }>}
 */
export function send(opened, chosen) {
  return keepingKeys(() => sendChosen(opened, chosen));
}

/**
 * @param {OpenedRequest} opened
 * @param {{ id: string, candidate: Candidate, items: Item[] }[]} chosen
 */
async function sendChosen({ request, registration, register, transactions }, chosen) {
  const record = {
    party: request.verifierName,
    clientId: request.clientId,
    purpose: registration?.profile?.purpose,
    register,
    credential: chosen.map((one) => one.candidate.described.face.name).join(', '),
    claims: chosen.flatMap((one) => one.items.map(({ label, value }) => ({ label, value }))),
    transactions: transactions.map(({ title, lines }) => [title, ...lines.map((line) => line.join(': '))].join(' · ')),
  };
  const shown = [];
  for (const { id, candidate: { described }, items } of chosen) {
    const copy = await takeCopy(described.held.id);
    const [key] = await readKeys([copy.keyId]);
    shown.push({ id, credential: copy.text, keyId: copy.keyId, privateKey: key.privateKey, paths: items.map((item) => item.path) });
  }
  // What is sent stands in the order of what was chosen, so each receipt finds the key of its copy.
  const signed = async (/** @type {any} */ reply, /** @type {boolean} */ accepted) => {
    const sent = (reply.shown ?? []).map((/** @type {{ text: string }} */ { text }, /** @type {number} */ place) => ({ text, keyId: shown[place].keyId }));
    return keepReceipts(reply.receipts, sent, request, registration, accepted);
  };
  try {
    const reply = await answer(request, shown);
    const { receipts, concerns } = await signed(reply, true);
    return { redirectUri: reply.redirectUri, concerns, receipt: await note({ ...record, receipts, concerns, kind: 'presented' }) };
  } catch (error) {
    const { code, problem, status } = /** @type {any} */ (error);
    // A judgement has a receipt as well; where nobody judged, none was promised.
    const judged = code === 'server_refused' && status === 400;
    await note({ ...record, ...(judged && (await signed(error, false))), kind: 'failed', code: problem ?? code });
    throw error;
  }
}

/**
 * Say no, as the customer or for him.
 * @param {OpenedRequest} opened
 * @param {string | null} refusal the wallet's own reason.
 */
export async function sayNo({ request, registration }, refusal) {
  await note({ kind: refusal ? 'refused' : 'declined', party: request.verifierName, clientId: request.clientId, purpose: registration?.profile?.purpose, code: refusal ?? undefined });
  // Whether the verifier hears of it changes nothing here.
  return decline(request).catch(() => ({ redirectUri: null }));
}

