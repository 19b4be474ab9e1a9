/** Gives the cards of the wallet with their faces and states. */

import { select } from '../core/dcql.js';
import { readCredential } from '../core/sd_jwt.js';
import { fetchStatus } from '../core/status_list.js';
import { describeType } from '../core/type_metadata.js';
import { claimValue } from '../lib/format.js';
import { locale } from '../lib/i18n.js';
import { listHeld, nextCopy } from '../store/credentials.js';

/** @typedef {import('../parts/card.js').Status} Status */
/** @typedef {import('../store/credentials.js').Held} Held */

const MAX_PICTURE = 131_072;
const SVG = 'data:image/svg+xml';
/** What was last heard of each credential, for as long as the page lives. @type {Map<string, Status>} */
const heard = new Map();

/**
 * List the cards; `status` says when the list of the issuer was read.
 */
export async function listCards() {
  const held = await listHeld();
  return Promise.all(held.map(async (one) => ({ ...(await faceOf(one)), id: one.id, held: one, status: statusOf(one) })));
}

/**
 * Give a credential's face, and its claims with their names.
 * @param {Held} held
 */
export async function faceOf(held) {
  const { claims, header, disclosures } = await readCredential(nextCopy(held).text);
  const type = held.type ? describeType(held.type) : null;
  const name = type?.name(locale()) || held.vct;
  const { background, text } = type?.card ?? {};
  const picture = held.type ? pictureOf(held.type, claims) : undefined;
  const face = { name, issuer: held.issuerName, background: background ?? undefined, text: text ?? undefined, picture };
  return { face, type, claims, header, disclosures };
}

/**
 * Give the name of a claim.
 * @param {ReturnType<typeof describeType> | null} type
 * @param {(string | number)[]} path
 */
export function labelOf(type, path) {
  return type?.label(path, locale()) || String(path.filter((step) => typeof step === 'string').at(-1) ?? '');
}

/**
 * Fill a type's picture in with the claims. It is used as an image only: nothing in it runs or loads.
 * @param {Record<string, any>} document
 * @param {Record<string, any>} claims
 */
function pictureOf(document, claims) {
  const displays = Array.isArray(document.display) ? document.display : [];
  const display = displays.find((/** @type {any} */ one) => String(one?.locale ?? one?.lang).startsWith(locale())) ?? displays[0];
  const uri = display?.rendering?.svg_templates?.[0]?.uri;
  if (typeof uri !== 'string' || !uri.startsWith(SVG) || uri.length > MAX_PICTURE) return undefined;
  const comma = uri.indexOf(',');
  const template = textOf(uri.slice(0, comma), uri.slice(comma + 1));
  if (template === null) return undefined;
  const named = (Array.isArray(document.claims) ? document.claims : []).filter((/** @type {any} */ one) => one?.svg_id);
  const values = new Map(named.map((/** @type {any} */ one) => [one.svg_id, claimValue(select(claims, one.path)[0]?.value, one.path.at(-1))]));
  const filled = template.replace(/\{\{([\w-]{1,64})\}\}/g, (_, id) => escaped(values.get(id) ?? ''));
  return `${SVG};charset=utf-8,${encodeURIComponent(filled)}`;
}

/** @param {string} head @param {string} body */
function textOf(head, body) {
  try {
    if (!head.endsWith(';base64')) return decodeURIComponent(body);
    return new TextDecoder().decode(Uint8Array.from(atob(body), (one) => one.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[<>&"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

/**
 * Give what is known of a credential's status without asking anybody.
 * @param {Held} held
 * @returns {Status}
 */
export function statusOf(held) {
  return heard.get(held.id) ?? 'unknown';
}

/**
 * Ask what has become of a credential. The whole list of many credentials is fetched: the issuer's server learns that
 * somebody looked, not at which one.
 * @param {Held} held
 * @returns {Promise<Status>}
 */
export async function askStatus(held) {
  try {
    const { claims } = await readCredential(nextCopy(held).text);
    const expired = claims.exp !== undefined && claims.exp * 1000 <= Date.now();
    heard.set(held.id, expired ? 'expired' : ((await fetchStatus(claims)) ?? 'valid'));
  } catch {
    // No answer is no answer: what was heard before stays on the screen only until the page is opened anew.
  }
  return statusOf(held);
}
