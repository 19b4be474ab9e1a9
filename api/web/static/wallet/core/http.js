// @ts-check
// The one way out of the wallet. No cookies, no referrer, no cache, no redirects; an answer larger or slower than its
// bound is dropped. Addresses come from QR codes and strangers' documents, so each is judged: https, or plain http to
// this very machine for a sandbox. (A page cannot see which address a name leads to; the browser's own rules on
// private networks and the page's content security policy stand behind this.)
import { WalletError, demand } from './errors.js';
import { parseObject } from './json.js';

export const JSON_TYPE = 'application/json';
export const FORM_TYPE = 'application/x-www-form-urlencoded';

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]']);
const MAX_URL = 8_192;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * What came back, whatever its status; `json` is set where the content type says JSON and the body is an object.
 * @typedef {{status: number, headers: Headers, mediaType: string, bytes: Uint8Array<ArrayBuffer>,
 *   text: string, json: Record<string, any> | null}} Answer
 * What proves possession of a key with each request; see `dpop.js`.
 * @typedef {{headers: (method: string, url: string) => Promise<Record<string, string>>,
 *   learn: (url: string, answer: Answer) => boolean}} Prover
 */

/**
 * Judge an address; throws `address_refused`.
 * @param {unknown} text
 * @returns {URL}
 */
export function judgedUrl(text) {
  const holds = typeof text === 'string' && text.length <= MAX_URL && URL.canParse(text);
  if (!holds) throw new WalletError('address_refused', 'the address cannot be read');
  const url = new URL(text);
  const local = url.protocol === 'http:' && LOCAL.has(url.hostname);
  demand(url.protocol === 'https:' || local, 'address_refused', 'a wallet speaks https');
  demand(!url.username && !url.password && !text.includes('#'), 'address_refused', 'not an address a wallet goes to');
  return url;
}

/**
 * Send one request and read its answer.
 * @param {string} url
 * @param {{method?: string, headers?: Record<string, string>, body?: string | Uint8Array<ArrayBuffer>,
 *   accept?: string, limitBytes?: number, timeoutMs?: number, dpop?: Prover}} [options] with `dpop` the request
 *   carries a proof, and is sent once more where the server first asks for its nonce
 * @returns {Promise<Answer>}
 * Throws `address_refused`, `unanswered`, `answer_too_large`, `malformed_answer`.
 */
export async function request(url, options = {}) {
  const { method = 'GET', dpop } = options;
  judgedUrl(url);
  if (!dpop) return send(url, options, {});
  const answer = await send(url, options, await dpop.headers(method, url));
  if (!dpop.learn(url, answer)) return answer;
  const again = await send(url, options, await dpop.headers(method, url));
  dpop.learn(url, again);
  return again;
}

/**
 * Give an answer back where it says success; else throw `server_refused` with the error's name as OAuth (RFC 6749
 * section 5.2) or RFC 9457 writes it.
 * @param {Answer} answer
 * @returns {Answer}
 */
export function requireSuccess(answer) {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const said = answer.json ?? {};
  const [error, problem] = [said.error, said.code].map(nameOf);
  const retry = answer.headers.get('Retry-After') ?? '';
  const retryAfter = /^\d{1,6}$/.test(retry) ? Number(retry) : undefined;
  throw new WalletError('server_refused', `the server answered ${answer.status}`, {
    status: answer.status, error: error ?? problem ?? 'error', problem, retryAfter,
  });
}

/**
 * Give the JSON object of a success.
 * @param {Answer} answer
 * @returns {Record<string, any>}
 */
export function requireJson(answer) {
  const { json } = requireSuccess(answer);
  if (!json) throw new WalletError('malformed_answer', 'expected one JSON object');
  return json;
}

/**
 * Give the text of a success of one of some media types.
 * @param {Answer} answer
 * @param {string[]} mediaTypes
 */
export function requireText(answer, ...mediaTypes) {
  requireSuccess(answer);
  demand(mediaTypes.includes(answer.mediaType), 'malformed_answer', `expected ${mediaTypes[0]}`);
  return answer.text;
}

/** Take an error's name where it looks like one: it may end in a text for people. @param {unknown} name */
export function nameOf(name) {
  return typeof name === 'string' && /^[\w.-]{1,64}$/.test(name) ? name : undefined;
}

/** @param {string} url @param {any} options @param {Record<string, string>} proof @returns {Promise<Answer>} */
async function send(url, { method = 'GET', headers = {}, body, accept = JSON_TYPE, ...bounds }, proof) {
  const { limitBytes = 262_144, timeoutMs = 10_000 } = bounds;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method, body, signal,
      headers: { Accept: accept, ...headers, ...proof },
      redirect: 'error', credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer',
    });
    return await read(response, limitBytes);
  } catch (failure) {
    if (failure instanceof WalletError) throw failure;
    const detail = signal.aborted ? 'the answer is slower than its bound' : 'nobody answers, or only with a redirect';
    throw new WalletError('unanswered', detail);
  }
}

/** @param {Response} response @param {number} limit @returns {Promise<Answer>} */
async function read(response, limit) {
  const parts = [];
  let size = 0;
  if (response.body) {
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.length;
      if (size > limit) {
        await reader.cancel().catch(() => {});
        throw new WalletError('answer_too_large', 'the answer is larger than its bound');
      }
      parts.push(part.value);
    }
  }
  const bytes = new Uint8Array(size);
  parts.reduce((place, part) => (bytes.set(part, place), place + part.length), 0);
  const mediaType = (response.headers.get('Content-Type') ?? '').split(';')[0].trim().toLowerCase();
  const { status, headers } = response;
  return { status, headers, mediaType, bytes, text: textOf(bytes), json: jsonOf(bytes, mediaType) };
}

/** @param {Uint8Array} bytes */
function textOf(bytes) {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new WalletError('malformed_answer', 'the answer is no UTF-8');
  }
}

/** @param {Uint8Array} bytes @param {string} mediaType */
function jsonOf(bytes, mediaType) {
  if (mediaType !== JSON_TYPE && !mediaType.endsWith('+json')) return null;
  try {
    return parseObject(bytes);
  } catch {
    return null;
  }
}
