/** Says what went wrong, in words for people, with the code for who must find out why. */

import { h, icon } from '../lib/dom.js';
import { isText, t } from '../lib/i18n.js';

/** Codes that mean the same to a customer share a sentence. @type {Record<string, string[]>} */
const SENTENCES = {
  answer: ['answer_too_large', 'malformed_answer', 'malformed_json', 'malformed_base64url', 'malformed_status_list'],
  address: ['address_refused'],
  offer: ['malformed_offer'],
  issuer: ['issuer_mismatch', 'malformed_issuer', 'malformed_token', 'configuration_missing', 'grant_missing', 'encryption_missing'],
  credential: [
    'bad_signature', 'malformed_credential', 'malformed_jws', 'malformed_key', 'wrong_type', 'algorithm_refused', 'unknown_sd_alg',
    'duplicate_digest', 'invalid_disclosure', 'reserved_claim_name', 'claim_collision', 'protected_claim_disclosed',
    'unreferenced_disclosure', 'credential_not_ours', 'credential_type', 'integrity_mismatch', 'malformed_type',
    'status_list_mismatch', 'status_list_expired',
  ],
  certificate: ['certificate_refused', 'certificate_expired', 'certificate_name'],
  request: [
    'malformed_request', 'request_client', 'request_audience', 'request_nonce', 'request_target', 'request_unsupported',
    'malformed_query',
  ],
  nothing_to_show: ['no_such_claim', 'not_asked_for'],
};
const SHARED = new Map(Object.entries(SENTENCES).flatMap(([name, codes]) => codes.map((code) => [code, name])));

/**
 * Give the code of an error; foreign errors have one for all.
 * @param {unknown} error
 * @returns {string}
 */
export function codeOf(error) {
  const code = /** @type {any} */ (error)?.code;
  return typeof code === 'string' && /^[a-z][a-z0-9_.-]{0,63}$/.test(code) ? code : 'unexpected';
}

/**
 * Give the sentence for an error: what the server named most precisely, else what the wallet found.
 * @param {any} error
 */
export function sentenceOf(error) {
  const named = [error?.problem, error?.error, codeOf(error)].map((code) => `failure.${SHARED.get(code) ?? code}`);
  return t(/** @type {any} */ (named.find(isText) ?? 'failure.unexpected'));
}

/**
 * Give the codes of an error for who must find out why.
 * @param {any} error
 */
function codesOf(error) {
  const said = [error?.problem, error?.error].filter((code) => typeof code === 'string');
  return [...new Set([codeOf(error), ...said])].join(' · ').slice(0, 160);
}

/**
 * Show an error as a whole view.
 * @param {unknown} error
 * @param {() => void} leave
 * @param {string} [title]
 */
export function failureView(error, leave, title = t('failure.title')) {
  return h(
    'section.outcome',
    { role: 'alert' },
    h('span.outcome__mark.outcome__mark--bad', null, icon('warn')),
    h('h1', null, title),
    h('p.muted', null, sentenceOf(error)),
    h('p.faint', null, t('failure.code', { code: codesOf(error) })),
    h('div.actions', null, h('button.button.button--primary.button--wide', { type: 'button', onclick: leave }, t('action.home'))),
  );
}
