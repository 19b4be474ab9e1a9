/** Shows a request: who asks, under which registration, for what; the customer chooses, confirms with the PIN, or says no. */

import { h, icon, replace } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { announce } from '../lib/announce.js';
import { go, takeArrived } from '../lib/router.js';
import { openRequest, refusalOf, sayNo, send } from '../flows/presenting.js';
import { askPin } from '../parts/ask_pin.js';
import { choices } from '../parts/choices.js';
import { failureView } from '../parts/failure.js';
import { outcome, waiting } from '../parts/outcome.js';
import { asker, registrationNotice, transactionCards } from '../parts/asker.js';
import { top } from '../parts/top.js';
import { unlock } from '../store/vault.js';

/** @typedef {import('../flows/presenting.js').OpenedRequest} OpenedRequest */

/** @param {import('../lib/router.js').Context} context */
export default function view({ signal }) {
  const arrived = takeArrived();
  if (arrived?.kind !== 'request') return outcome('plain', 'scan', t('request.gone'), t('link.gone_hint'), homeLink(true));
  const frame = h('section.flow', null, waiting(t('request.loading')));
  openRequest(arrived.text).then(
    (opened) => !signal.aborted && replace(frame, judged(frame, opened, signal)),
    (error) => !signal.aborted && replace(frame, failureView(error, () => go('#/home'), t('request.unopened'))),
  );
  return frame;
}

/** @param {boolean} [primary] */
function homeLink(primary) {
  return h(`a.button.button--wide.button--${primary ? 'primary' : 'plain'}`, { href: '#/home' }, t('action.home'));
}

/** @param {HTMLElement} frame @param {OpenedRequest} opened @param {AbortSignal} signal */
function judged(frame, opened, signal) {
  const refusal = refusalOf(opened);
  if (refusal) {
    void sayNo(opened, refusal);
    return refused(opened, refusal);
  }
  return review(frame, opened, signal);
}

/** @param {OpenedRequest} opened @param {string} refusal */
function refused({ request, registration }, refusal) {
  const beyond = (registration?.overAsked ?? []).map(({ path }) => (path ? path.join('.') : t('request.whole_type')));
  const over = refusal === 'over_asked';
  return h(
    'section.stack.stack--loose.flow',
    { role: 'alert' },
    outcome('bad', 'shield', t(over ? 'request.over_asked' : 'failure.party_not_active'), over ? t('request.over_asked_hint') : ''),
    h('dl.facts.card', null, h('dt', null, t('request.who')), h('dd', null, request.verifierName), over && [h('dt', null, t('request.over_items')), h('dd.mono', null, beyond.join(', '))]),
    h('div.actions', null, homeLink(true)),
  );
}

/** @param {HTMLElement} frame @param {OpenedRequest} opened @param {AbortSignal} signal */
function review(frame, opened, signal) {
  const { request, parts, transactions } = opened;
  if (parts.length === 0) {
    return h(
      'section.stack.stack--loose.flow',
      null,
      top(t('request.top')),
      asker(opened),
      h('div.notice.notice--warn', { role: 'alert' }, icon('warn'), h('div', null, h('h2', null, t('request.unsatisfied')), h('p', null, t('request.unsatisfied_hint')))),
      h('div.actions', null, h('button.button.button--primary.button--wide', { type: 'button', onclick: () => void refuse(frame, opened) }, t('request.decline'))),
    );
  }
  const chosen = choices(parts, signal);
  const confirm = async () => {
    const picked = chosen.picked();
    const count = picked.reduce((sum, one) => sum + one.items.length, 0);
    try {
      await askPin(t('request.pin_for', { party: request.verifierName, n: count }), unlock);
    } catch {
      return;
    }
    replace(frame, waiting(t('request.sending')));
    announce(t('request.sending'));
    await send(opened, picked).then(
      (result) => replace(frame, sent(opened, result)),
      (error) => replace(frame, notSent(error)),
    );
    /** @type {HTMLElement | null} */ (frame.querySelector('h1'))?.focus();
  };
  return h(
    'section.stack.stack--loose.flow',
    null,
    top(t('request.top')),
    asker(opened),
    registrationNotice(opened.registration),
    transactionCards(transactions),
    chosen.element,
    h(
      'div.actions.actions--sticky',
      null,
      h('button.button.button--primary.button--wide', { type: 'button', onclick: () => void confirm() }, t('request.confirm')),
      h('button.button.button--plain.button--wide', { type: 'button', onclick: () => void refuse(frame, opened) }, t('request.decline')),
    ),
  );
}

/** @param {HTMLElement} frame @param {OpenedRequest} opened */
async function refuse(frame, opened) {
  const { redirectUri } = await sayNo(opened, null);
  replace(frame, outcome('plain', 'close', t('request.declined'), t('request.declined_hint'), onward(redirectUri), homeLink(!redirectUri)));
}

/** @param {string | null | undefined} redirectUri */
function onward(redirectUri) {
  return redirectUri && h('a.button.button--primary.button--wide', { href: redirectUri, rel: 'noreferrer' }, t('request.continue'), icon('out'));
}

/** @param {OpenedRequest} opened @param {{ redirectUri: string | null, receipt: string, concerns: string[] }} result */
function sent({ request }, { redirectUri, receipt, concerns }) {
  // On the same device the verifier's page waits in this browser: the customer goes back to it, once he has read
  // what there is to read.
  if (redirectUri && concerns.length === 0) window.setTimeout(() => location.assign(redirectUri), 1_200);
  return outcome(
    'good',
    'check',
    t('request.done'),
    [t('request.done_hint', { party: request.verifierName }), ...concerns.map((concern) => ` ${t(/** @type {any} */ (`signed.${concern}`))}`)],
    onward(redirectUri),
    h('a.button.button--soft.button--wide', { href: `#/receipt/${receipt}` }, t('request.receipt')),
    homeLink(),
  );
}

/** @param {any} error */
function notSent(error) {
  // A verifier that judged the answer has seen it: the customer must not read that nothing left the phone.
  const title = error?.code === 'server_refused' ? 'request.not_accepted' : 'request.failed';
  const shown = failureView(error, () => go('#/home'), t(title));
  if (error?.redirectUri) shown.querySelector('.actions')?.prepend(/** @type {Node} */ (onward(error.redirectUri)));
  return shown;
}
