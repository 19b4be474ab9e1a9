/** Shows an offer: who makes it, what would be received. Nothing is received before the customer says so. */

import { h, icon, replace } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { go, takeArrived } from '../lib/router.js';
import { leaveForConsent, openOffer, receive } from '../flows/receiving.js';
import { card } from '../parts/card.js';
import { failureView, sentenceOf } from '../parts/failure.js';
import { outcome, waiting } from '../parts/outcome.js';
import { top } from '../parts/top.js';

/** @param {import('../lib/router.js').Context} context */
export default function view({ signal }) {
  const arrived = takeArrived();
  const frame = h('section.flow');
  if (arrived?.kind !== 'offer') return outcome('plain', 'scan', t('offer.gone'), t('link.gone_hint'), home());
  replace(frame, waiting(t('offer.loading')));
  openOffer(arrived.text).then(
    (opened) => !signal.aborted && replace(frame, review(frame, opened)),
    (error) => !signal.aborted && replace(frame, failureView(error, () => go('#/home'), t('offer.failed'))),
  );
  return frame;
}

function home() {
  return h('a.button.button--primary.button--wide', { href: '#/home' }, t('action.home'));
}

/**
 * @param {HTMLElement} frame
 * @param {import('../flows/receiving.js').Opened} opened
 */
function review(frame, opened) {
  const { issuerName, issuerHost, credentials, offer, way } = opened;
  const code = way === 'code' && offer.txCode ? codeField(offer.txCode) : null;
  const problem = h('p.field__error', { role: 'alert', id: 'code-problem' });
  const accept = /** @type {HTMLButtonElement} */ (
    h('button.button.button--primary.button--wide', { type: 'submit' }, way === 'code' ? t('offer.accept') : t('offer.continue'))
  );
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (code && !code.input.value.trim()) return complain(t('offer.code_needed'));
    accept.disabled = true;
    accept.textContent = t('offer.receiving');
    try {
      if (way === 'page') return location.assign(await leaveForConsent(opened));
      replace(frame, received(await receive(opened, code?.input.value.trim())));
    } catch (error) {
      const again = code && /** @type {any} */ (error)?.error === 'invalid_grant';
      if (!again) return replace(frame, failureView(error, () => go('#/home'), t('offer.failed')));
      complain(sentenceOf(error));
    }
  };

  /** @param {string} text */
  function complain(text) {
    accept.disabled = false;
    accept.textContent = t('offer.accept');
    problem.textContent = text;
    code?.input.setAttribute('aria-invalid', 'true');
    code?.input.focus();
  }

  return h(
    'form.stack.stack--loose.flow',
    { onsubmit: submit, novalidate: true, autocomplete: 'off' },
    top(t('offer.title')),
    credentials.map((one) => card({ name: one.name, issuer: issuerName, background: one.background, text: one.text, lines: [] })),
    h('dl.facts.card', null, h('dt', null, t('offer.issuer')), h('dd', null, issuerName), h('dt', null, t('offer.address')), h('dd.mono', null, issuerHost)),
    code && h('div.card.field', null, h('label', { for: 'tx-code' }, t('offer.tx_code')), code.input, h('p.field__hint', { id: 'code-hint' }, code.hint), problem),
    credentials.map((one) =>
      one.claims.length > 0 && h('div.card.stack', null, h('h2', null, t('offer.claims')), h('ul.chips', { role: 'list' }, one.claims.map((name) => h('li.badge', null, name)))),
    ),
    way === 'page' && h('p.muted', null, t('offer.leave_hint')),
    h('div.actions.actions--sticky', null, accept, h('a.button.button--plain.button--wide', { href: '#/home' }, t('offer.decline'))),
  );
}

/** @param {NonNullable<import('../core/offers.js').Offer['txCode']>} asked */
function codeField({ inputMode, length, description }) {
  const input = /** @type {HTMLInputElement} */ (
    h('input.input.code-input', {
      id: 'tx-code',
      inputmode: inputMode === 'numeric' ? 'numeric' : 'text',
      maxlength: length ?? 16,
      autocomplete: 'one-time-code',
      spellcheck: 'false',
      autocapitalize: 'none',
      'aria-describedby': 'code-hint code-problem',
    })
  );
  return { input, hint: description ? `${description} · ${t('offer.tx_hint')}` : t('offer.tx_hint') };
}

/** @param {Awaited<ReturnType<typeof receive>>} result */
export function received({ held, waits, issuerName }) {
  if (held.length === 0 && waits) return outcome('plain', 'timer', t('offer.deferred_title'), t('offer.deferred'), home());
  const [first] = held;
  const target = first ? `#/credential/${first.id}` : '#/home';
  return outcome(
    'good',
    'check',
    t('offer.done'),
    t('offer.done_hint', { issuer: issuerName, n: first?.copies.length ?? 0 }),
    h('a.button.button--primary.button--wide', { href: target }, t('offer.view')),
    h('a.button.button--plain.button--wide', { href: '#/home' }, icon('home'), t('action.home')),
  );
}
