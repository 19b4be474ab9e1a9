/**
 * Draws a credential as a card, from what its type says: colours, a name, perhaps a picture. All of it comes from a
 * stranger: colours are checked, text stays text, and a picture is only ever an image, in which nothing runs.
 */

import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';

/** @typedef {'valid' | 'suspended' | 'revoked' | 'expired' | 'unknown'} Status */
/** @typedef {{ name: string, issuer: string, background?: string, text?: string, picture?: string, lines?: string[] }} Face */

const COLOUR = /^#[0-9a-f]{6}$/i;
const TONES = { valid: 'good', suspended: 'warn', revoked: 'bad', expired: 'warn', unknown: 'plain' };

/**
 * Draw the card.
 * @param {Face} face
 * @param {Status} [status]
 */
export function card(face, status = 'valid') {
  const colours = COLOUR.test(face.background ?? '') && COLOUR.test(face.text ?? '');
  const style = colours ? { '--card-ground': face.background, '--card-ink': face.text } : {};
  const dimmed = status === 'revoked' || status === 'suspended' || status === 'expired';
  const inside = face.picture
    ? h('img.id-card__picture', { src: face.picture, alt: '' })
    : [
        h('p.id-card__name', null, face.name),
        h('p.id-card__lines', null, (face.lines ?? []).map((line) => h('span', null, line))),
        h('p.id-card__issuer', null, face.issuer),
      ];
  return h(`div.id-card${dimmed ? '.is-dimmed' : ''}`, { style }, inside);
}

/**
 * Draw the status as a badge.
 * @param {Status} status
 */
export function statusBadge(status) {
  const tone = TONES[status] === 'plain' ? '' : `.badge--${TONES[status]}`;
  return h(`span.badge.badge--dot${tone}`, null, t(/** @type {any} */ (`status.${status}`)));
}
