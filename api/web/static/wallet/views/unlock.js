/** Asks for the PIN, or the passkey, before anything else is shown. */

import { h, icon } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { goWanted } from '../lib/router.js';
import { open } from '../lib/session.js';
import { passkeySecret } from '../passkey.js';
import { sentenceOf } from '../parts/failure.js';
import { pinCheck } from '../parts/pin_check.js';
import { passkeyGuard, unlock, unlockWithPasskey } from '../store/vault.js';

/** @param {import('../lib/router.js').Context} context */
export default async function view({ signal }) {
  const pad = pinCheck(t('pin.enter'), (pin) => unlock(pin), enter, signal);
  const guard = await passkeyGuard();
  return h(
    'section.gate',
    null,
    h('header.gate__head', null, h('img', { src: '/static/common/mark.svg', alt: '', width: 52, height: 52 }), h('h1', null, t('unlock.title')), h('p.muted', null, t('pin.enter'))),
    pad.element,
    guard && h('button.button.button--plain.gate__passkey', { type: 'button', onclick: byPasskey }, icon('finger'), t('unlock.passkey')),
  );

  async function byPasskey() {
    try {
      enter(await unlockWithPasskey(await passkeySecret(guard)));
    } catch (error) {
      pad.say(sentenceOf(Object.assign(new Error(), { code: 'passkey_failed', cause: error })), 'bad');
    }
  }
}

/** @param {CryptoKey} key */
function enter(key) {
  open(key);
  goWanted();
}
