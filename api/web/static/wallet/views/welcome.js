/** First start: the language, what this is, and a PIN typed twice. */

import { h, icon, replace } from '../lib/dom.js';
import { locale, setLocale, t } from '../lib/i18n.js';
import { announce } from '../lib/announce.js';
import { goWanted } from '../lib/router.js';
import { open } from '../lib/session.js';
import { pinPad } from '../parts/pin_pad.js';
import { weaknessOf } from '../pin.js';
import { changeSettings } from '../store/settings.js';
import { create } from '../store/vault.js';
import { sentenceOf } from '../parts/failure.js';

const PROMISES = /** @type {const} */ ([
  ['phone', 'welcome.device'],
  ['shield', 'welcome.choose'],
  ['key', 'welcome.pin'],
]);

/** Show the first of the steps; the others take its place. */
export default function welcome() {
  const frame = h('section.welcome');
  replace(frame, greeting(frame));
  return frame;
}

/** @param {HTMLElement} frame */
function greeting(frame) {
  return h(
    'div.welcome__step',
    null,
    languages(frame),
    h('div.welcome__hero', null, h('img', { src: '/static/wallet/icons/hero.svg', alt: '', width: 280, height: 200 })),
    h('h1', null, t('welcome.title')),
    h('p.muted', null, t('welcome.lead')),
    h(
      'ul.promises',
      { role: 'list' },
      PROMISES.map(([name, text]) => h('li', null, icon(name), h('span', null, t(text)))),
    ),
    h('div.actions', null, h('button.button.button--primary.button--wide', { type: 'button', onclick: () => choosePin(frame) }, t('welcome.start'))),
  );
}

/** @param {HTMLElement} frame */
function languages(frame) {
  const choices = /** @type {const} */ ([['ko', '한국어'], ['en', 'English']]);
  return h(
    'div.segmented.welcome__languages',
    { role: 'group', 'aria-label': t('settings.language') },
    choices.map(([code, name]) =>
      h('button', { type: 'button', lang: code, 'aria-pressed': String(locale() === code), onclick: () => choose(code) }, name),
    ),
  );

  /** @param {'ko' | 'en'} code */
  async function choose(code) {
    await changeSettings({ locale: code });
    setLocale(code);
    replace(frame, greeting(frame));
    /** @type {HTMLElement | null} */ (frame.querySelector(`[lang="${code}"]`))?.focus();
  }
}

/**
 * @param {HTMLElement} frame
 * @param {string} [complaint]
 */
function choosePin(frame, complaint) {
  const pad = pinPad(t('pin.choose'), (pin) => {
    const weakness = weaknessOf(pin);
    if (weakness) pad.say(t(weakness), 'bad');
    else repeatPin(frame, pin);
  });
  showPad(frame, pad, t('pin.choose'), t('pin.choose_hint'));
  if (complaint) pad.say(complaint, 'bad');
}

/**
 * @param {HTMLElement} frame
 * @param {string} first
 */
function repeatPin(frame, first) {
  const pad = pinPad(t('pin.repeat'), (pin) => {
    if (pin === first) void finish(pin);
    else choosePin(frame, t('pin.differs'));
  });
  showPad(frame, pad, t('pin.repeat'), t('pin.repeat_hint'));

  /** @param {string} pin */
  async function finish(pin) {
    pad.setBusy(true);
    pad.say(t('pin.making'));
    try {
      open(await create(pin));
      await changeSettings({ locale: locale() });
      // Asks the browser not to clear this site's data when space is short; the customer need not know of it.
      void navigator.storage?.persist?.();
      goWanted();
    } catch (error) {
      pad.setBusy(false);
      pad.say(sentenceOf(error), 'bad');
    }
  }
}

/**
 * @param {HTMLElement} frame
 * @param {import('../parts/pin_pad.js').PinPad} pad
 * @param {string} title
 * @param {string} hint
 */
function showPad(frame, pad, title, hint) {
  replace(
    frame,
    h('div.gate', null, h('header.gate__head', null, h('img', { src: '/static/common/mark.svg', alt: '', width: 52, height: 52 }), h('h1', null, title), h('p.muted', null, hint)), pad.element),
  );
  announce(`${title}. ${hint}`);
  /** @type {HTMLElement | null} */ (pad.element.querySelector('[data-focus]'))?.focus({ preventScroll: true });
}
