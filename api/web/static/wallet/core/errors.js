// @ts-check
// Every refusal of the wallet's core is one of these: a stable code for the pages to translate, a detail for people
// who look into it. The detail repeats nothing that a stranger sent.

/** Every code there is, so that the pages can be held to have a sentence for each. */
export const CODES = Object.freeze([
  'malformed_json', 'malformed_base64url', 'malformed_jws', 'malformed_key', 'wrong_type', 'algorithm_refused',
  'bad_signature', 'certificate_refused', 'certificate_expired', 'certificate_name', 'malformed_credential',
  'unknown_sd_alg', 'duplicate_digest', 'invalid_disclosure', 'reserved_claim_name', 'claim_collision',
  'protected_claim_disclosed', 'unreferenced_disclosure', 'no_such_claim', 'credential_expired',
  'credential_not_ours', 'credential_type', 'integrity_mismatch', 'malformed_type', 'malformed_query',
  'malformed_status_list', 'status_list_mismatch', 'status_list_expired', 'address_refused', 'unanswered',
  'answer_too_large', 'malformed_answer', 'server_refused', 'malformed_offer', 'issuer_mismatch',
  'malformed_issuer', 'grant_missing', 'configuration_missing', 'encryption_missing', 'attestation_required',
  'malformed_token', 'state_mismatch', 'authorization_refused', 'malformed_request', 'request_client',
  'request_audience', 'request_nonce', 'request_expired', 'request_target', 'request_unsupported',
  'transaction_refused', 'nothing_to_show', 'not_asked_for', 'register_refused', 'receipt_statement',
]);

/**
 * One refusal. Where a server refused, `status` is its HTTP status, `error` its OAuth error's name and `problem` the
 * more precise code that servers of this consortium add; `redirectUri` is where a verifier sends the browser next, `receipts` what it says it
 * received, `shown` what was sent to it.
 */
export class WalletError extends Error {
  /**
   * @param {string} code one of CODES
   * @param {string} [detail] an English sentence for whoever looks into it; never shown to the holder as it is
   * @param {{status?: number, error?: string, problem?: string, retryAfter?: number, redirectUri?: string}} [more]
   */
  constructor(code, detail = '', more = {}) {
    super(detail ? `${code}: ${detail}` : code);
    this.name = 'WalletError';
    this.code = code;
    this.detail = detail;
    this.status = more.status ?? null;
    this.error = more.error ?? null;
    this.problem = more.problem ?? null;
    this.retryAfter = more.retryAfter ?? null;
    this.redirectUri = more.redirectUri ?? null;
    /** @type {unknown} */
    this.receipts = null;
    /** @type {{id: string, text: string}[] | null} */
    this.shown = null;
  }
}

/**
 * Throw unless something holds.
 * @param {unknown} holds
 * @param {string} code
 * @param {string} [detail]
 * @returns {asserts holds}
 */
export function demand(holds, code, detail) {
  if (!holds) throw new WalletError(code, detail);
}
