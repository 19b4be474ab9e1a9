/** Shows one credential: its card, status, claims; and removes it. */

import { h, icon, replace } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { announce } from '../lib/announce.js';
import { claimValue, day, hostOf, moment } from '../lib/format.js';
import { go } from '../lib/router.js';
import { askStatus, faceOf, labelOf, statusOf } from '../flows/cards.js';
import { leavesOf } from '../flows/claims.js';
import { askPin } from '../parts/ask_pin.js';
import { card, statusBadge } from '../parts/card.js';
import { outcome } from '../parts/outcome.js';
import { top } from '../parts/top.js';
import { drop, readHeld } from '../store/credentials.js';
import { note } from '../store/history.js';
import { unlock } from '../store/vault.js';

/** @typedef {import('../store/credentials.js').Held} Held */

/** @param {import('../lib/router.js').Context} context */
export default async function view({ params: [id], signal }) {
  const held = await readHeld(id ?? '');
  if (!held) return outcome('plain', 'scan', t('credential.gone'), '', h('a.button.button--primary.button--wide', { href: '#/home' }, t('action.home')));
  const described = await faceOf(held);
  const face = h('div');
  const badge = h('dd', { 'aria-live': 'polite' });
  const hint = h('div');
  const draw = (/** @type {import('../parts/card.js').Status} */ status) => {
    replace(face, card(described.face, status));
    replace(badge, statusBadge(status));
    replace(hint, warning(status));
  };
  draw(statusOf(held));
  askStatus(held).then((status) => !signal.aborted && draw(status));
  const { claims } = described;
  const fresh = held.copies.filter((copy) => copy.shown === 0).length;
  return h(
    'section.stack.stack--loose',
    null,
    top(described.face.name),
    face,
    hint,
    claimList(described),
    h(
      'dl.facts.card',
      null,
      fact('credential.status', badge),
      fact('credential.issuer', h('dd', null, held.issuerName, h('small.muted.block.mono', null, hostOf(held.issuer)))),
      claims.iat && fact('credential.issued', h('dd', null, day(claims.iat))),
      claims.exp && fact('credential.expires', h('dd', null, day(claims.exp))),
      fact('credential.received', h('dd', null, moment(held.at))),
      fact('credential.copies', h('dd.number', null, t('credential.copies_of', { left: fresh, all: held.copies.length }))),
      fact('credential.key', h('dd', null, t('credential.key_hint'))),
    ),
    fresh === 0 && h('div.notice.notice--warn', null, icon('warn'), h('p', null, t('credential.last_copy'))),
    h('div.actions', null, h('button.button.button--plain.button--wide.is-dangerous', { type: 'button', onclick: () => void removeIt(held, described.face.name) }, icon('trash'), t('credential.remove'))),
  );
}

/** @param {import('../lib/i18n.js').TextKey} key @param {HTMLElement} value */
function fact(key, value) {
  return [h('dt', null, t(key)), value];
}

/** @param {import('../parts/card.js').Status} status */
function warning(status) {
  if (status !== 'revoked' && status !== 'suspended') return null;
  const tone = status === 'revoked' ? 'bad' : 'warn';
  return h(`div.notice.notice--${tone}`, null, icon('warn'), h('p', null, t(`credential.${status}_hint`)));
}

/** Values are blurred until the customer wants to see them: phones are looked at over shoulders. @param {Awaited<ReturnType<typeof faceOf>>} described */
function claimList({ type, claims }) {
  const list = h('dl.claims.is-hidden', { id: 'claims' }, leavesOf(claims).map(({ path, value }) => h('div', null, h('dt', null, labelOf(type, path)), h('dd', null, claimValue(value, path.at(-1))))));
  list.setAttribute('aria-hidden', 'true');
  const toggle = h('button.button.button--small', { type: 'button', 'aria-expanded': 'false', 'aria-controls': 'claims' }, t('credential.show'));
  toggle.addEventListener('click', () => {
    const hidden = list.classList.toggle('is-hidden');
    list.setAttribute('aria-hidden', String(hidden));
    toggle.setAttribute('aria-expanded', String(!hidden));
    toggle.textContent = t(hidden ? 'credential.show' : 'credential.hide');
  });
  return h('div.card.stack', null, h('div.row.row--between', null, h('h2', null, t('credential.claims')), toggle), list);
}

/** @param {Held} held @param {string} name */
async function removeIt(held, name) {
  try {
    await askPin(t('credential.remove_confirm'), async (pin) => {
      await unlock(pin);
      await drop(held);
    });
  } catch {
    return;
  }
  await note({ kind: 'removed', party: held.issuerName, clientId: held.issuer, credential: name });
  go('#/home');
  announce(t('credential.removed'));
}
