/** Changes the PIN: the old one, then the new one twice. What is sealed stays as it is; only its key is wrapped anew. */

import { h, replace } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { announce } from '../lib/announce.js';
import { go } from '../lib/router.js';
import { pinCheck } from '../parts/pin_check.js';
import { pinPad } from '../parts/pin_pad.js';
import { top } from '../parts/top.js';
import { weaknessOf } from '../pin.js';
import { changePin, unlock } from '../store/vault.js';
import { sentenceOf } from '../parts/failure.js';

/** @param {import('../lib/router.js').Context} context */
export default function view({ signal }) {
  const lead = h('p.muted.centre');
  const place = h('div');
  let old = '';

  /**
   * @param {string} text
   * @param {import('../parts/pin_pad.js').PinPad} pad
   */
  function step(text, pad) {
    replace(lead, text);
    replace(place, pad.element);
    announce(text);
    /** @type {HTMLElement | null} */ (pad.element.querySelector('[data-focus]'))?.focus({ preventScroll: true });
  }

  /** @param {string} [complaint] */
  function askNew(complaint) {
    const pad = pinPad(t('pin.new'), (pin) => {
      const weakness = pin === old ? 'pin.unchanged' : weaknessOf(pin);
      if (weakness) pad.say(t(weakness), 'bad');
      else askAgain(pin);
    });
    step(t('pin.new'), pad);
    if (complaint) pad.say(complaint, 'bad');
  }

  /** @param {string} chosen */
  function askAgain(chosen) {
    const pad = pinPad(t('pin.repeat'), (pin) => (pin === chosen ? void finish(pin, pad) : askNew(t('pin.differs'))));
    step(t('pin.repeat'), pad);
  }

  /**
   * @param {string} pin
   * @param {import('../parts/pin_pad.js').PinPad} pad
   */
  async function finish(pin, pad) {
    pad.setBusy(true);
    pad.say(t('pin.making'));
    try {
      await changePin(old, pin);
      go('#/settings');
      announce(t('pin.changed'));
    } catch (error) {
      pad.setBusy(false);
      pad.say(sentenceOf(error), 'bad');
    }
  }

  const first = pinCheck(t('pin.old'), (pin) => unlock(pin), (_, pin) => {
    old = pin;
    askNew();
  }, signal);
  replace(lead, t('pin.old'));
  replace(place, first.element);
  return h('section.gate.gate--inner', null, top(t('settings.pin'), '#/settings'), lead, place);
}
