/** Lets the customer choose the language, when the wallet locks, the PIN, a passkey; and erase everything. */

import { h, icon } from '../lib/dom.js';
import { locale, setLocale, t } from '../lib/i18n.js';
import { announce } from '../lib/announce.js';
import { show } from '../lib/router.js';
import { lock, lockAfter } from '../lib/session.js';
import { makePasskey, passkeysArePossible } from '../passkey.js';
import { askPin } from '../parts/ask_pin.js';
import { sentenceOf } from '../parts/failure.js';
import { AUTO_LOCK_S, changeSettings, readSettings } from '../store/settings.js';
import { addPasskey, dropPasskey, passkeyGuard } from '../store/vault.js';
import { offerProtocols } from '../lib/protocols.js';

export default async function settings() {
  const [chosen, passkey] = await Promise.all([readSettings(), passkeyGuard()]);
  const result = h('p.settings__result', { role: 'status' });
  return h(
    'section.settings',
    null,
    h('header.page-head', null, h('h1', null, t('settings.title'))),
    h('h2', null, t('settings.display')),
    h('div.card.stack', null, languageField(), lockField(chosen.autoLockS)),
    h('h2', null, t('settings.security')),
    h(
      'ul.list',
      null,
      h('li', null, h('a.list__item', { href: '#/pin' }, icon('key'), h('span.grow', null, t('settings.pin')), icon('next'))),
      passkeysArePossible() && h('li', null, passkeyItem(passkey !== undefined, result)),
      h('li', null, h('button.list__item', { type: 'button', onclick: () => lock() }, icon('lock'), h('span.grow', null, t('lock.now')))),
      h('li', null, h('button.list__item', { type: 'button', onclick: () => tell(result, offerProtocols()) }, icon('out'), h('span.grow', null, t('settings.links')))),
    ),
    result,
    h('h2', null, t('settings.data')),
    h('ul.list', null, h('li', null, h('a.list__item.is-dangerous', { href: '#/erase' }, icon('trash'), h('span.grow', null, t('settings.erase')), icon('next')))),
    h('p.faint.settings__about', null, t('settings.about')),
  );
}

function languageField() {
  const choices = /** @type {const} */ ([['ko', '한국어'], ['en', 'English']]);
  return h(
    'div.field',
    null,
    h('span.label', { id: 'language-label' }, t('settings.language')),
    h(
      'div.segmented',
      { role: 'group', 'aria-labelledby': 'language-label' },
      choices.map(([code, name]) =>
        h('button', { type: 'button', lang: code, 'aria-pressed': String(locale() === code), onclick: () => speak(code) }, name),
      ),
    ),
  );
}

/** @param {'ko' | 'en'} code */
async function speak(code) {
  await changeSettings({ locale: code });
  setLocale(code);
  await show();
}

/** @param {number} seconds */
function lockField(seconds) {
  const choices = AUTO_LOCK_S.map((value) => {
    const option = /** @type {HTMLOptionElement} */ (h('option', { value }, t('time.minutes', { n: value / 60 })));
    option.selected = value === seconds;
    return option;
  });
  const choose = async (/** @type {Event} */ event) => {
    const value = Number(/** @type {HTMLSelectElement} */ (event.target).value);
    if (!AUTO_LOCK_S.includes(value)) return;
    await changeSettings({ autoLockS: value });
    lockAfter(value);
    announce(t('settings.saved'));
  };
  return h('div.field', null, h('label', { for: 'auto-lock' }, t('settings.auto_lock')), h('select.input', { id: 'auto-lock', onchange: choose }, choices));
}

/**
 * @param {boolean} has
 * @param {HTMLElement} result
 */
function passkeyItem(has, result) {
  const press = async () => {
    try {
      if (has) await dropPasskey();
      else await add();
      await show();
      announce(t(has ? 'settings.passkey_dropped' : 'settings.passkey_added'));
    } catch (error) {
      if (/** @type {any} */ (error)?.code !== 'cancelled') tell(result, passkeySentence(error));
    }
  };
  return h(
    'button.list__item',
    { type: 'button', onclick: press },
    icon('finger'),
    h('span.grow', null, t(has ? 'settings.passkey_drop' : 'settings.passkey_add'), h('small.muted.block', null, t('settings.passkey_hint'))),
  );
}

/** The PIN first: whoever finds the phone open must not put a finger of his own in its place. */
async function add() {
  await askPin(t('settings.passkey_pin'), async (pin) => {
    await addPasskey(pin, await makePasskey(t('app.title')));
  });
}

/** @param {unknown} error */
function passkeySentence(error) {
  return sentenceOf(/** @type {any} */ (error)?.code === 'passkey_unfit' ? error : { code: 'passkey_failed' });
}

/**
 * @param {HTMLElement} place
 * @param {string} text
 */
function tell(place, text) {
  place.textContent = text;
}

