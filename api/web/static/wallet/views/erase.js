/** Erases everything, after the customer has read what that means and typed the PIN. */

import { h, icon } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { announce } from '../lib/announce.js';
import { go } from '../lib/router.js';
import { lock } from '../lib/session.js';
import { askPin } from '../parts/ask_pin.js';
import { top } from '../parts/top.js';
import { eraseEverything } from '../store/db.js';
import { unlock } from '../store/vault.js';

const LOSSES = /** @type {const} */ (['erase.credentials', 'erase.keys', 'erase.history']);

export default function erase() {
  return h(
    'section.stack.stack--loose',
    null,
    top(t('settings.erase'), '#/settings'),
    h('div.notice.notice--bad', null, icon('warn'), h('div.stack.stack--tight', null, h('h2', null, t('erase.lead')), h('ul', null, LOSSES.map((key) => h('li', null, t(key)))))),
    h('p.muted', null, t('erase.again')),
    h(
      'div.actions',
      null,
      h('button.button.button--danger.button--wide', { type: 'button', onclick: confirm }, t('erase.button')),
      h('a.button.button--plain.button--wide', { href: '#/settings' }, t('action.cancel')),
    ),
  );
}

async function confirm() {
  try {
    await askPin(t('erase.confirm'), async (pin) => {
      await unlock(pin);
      await eraseEverything();
    });
  } catch (error) {
    if (/** @type {any} */ (error)?.code === 'cancelled') return;
    throw error;
  }
  history.replaceState(null, '', '#/home');
  lock();
  announce(t('erase.done'));
  go('#/home');
}
