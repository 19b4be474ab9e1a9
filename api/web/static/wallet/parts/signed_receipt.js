/** Shows a signed receipt, what is wrong with it, and what its giver says when asked. */

import { h, icon, replace } from '../lib/dom.js';
import { isText, t } from '../lib/i18n.js';
import { day, hostOf, moment } from '../lib/format.js';
import { ask } from '../flows/receipts.js';
import { codeOf, sentenceOf } from './failure.js';

/** @typedef {import('../flows/receipts.js').Receipt} Receipt */

/**
 * Point out what the holder should know of the receipts that came, or did not.
 * @param {string[]} concerns
 */
export function concernNotices(concerns) {
  return concerns.map((concern) => h(
    'div.notice.notice--warn',
    { role: 'alert' },
    icon('warn'),
    h('div', null, h('h2', null, t('signed.concern')), h('p', null, t(/** @type {any} */ (`signed.${concern}`)))),
  ));
}

/**
 * @param {Receipt} receipt
 * @param {string | undefined} register
 */
export function signedReceipt(receipt, register) {
  const { claims } = receipt;
  const answer = h('div', { role: 'status' });
  const button = h('button.button.button--soft.button--wide', { type: 'button' }, t('signed.ask'));
  button.addEventListener('click', () => {
    /** @type {HTMLButtonElement} */ (button).disabled = true;
    replace(answer, h('p.muted', null, t('signed.asking')));
    ask(receipt, register)
      .then((statement) => told(statement, claims), (error) => h('p.notice.notice--warn', null, sentenceOf(error)))
      .then((shown) => {
        replace(answer, shown);
        /** @type {HTMLButtonElement} */ (button).disabled = false;
      });
  });
  return h(
    'div.card.stack',
    null,
    h('h2', null, t('signed.title')),
    h('p.muted', null, t(receipt.vouched ? 'signed.holds' : 'signed.unvouched')),
    h(
      'dl.facts',
      null,
      fact('signed.by', claims.iss),
      fact('signed.service', claims.service),
      fact('receipt.purpose', claims.purpose),
      fact('signed.names', Array.isArray(claims.claims) ? claims.claims.join(', ') : null),
      fact('signed.result', t(claims.result === 'verified' ? 'signed.verified' : 'signed.refused')),
      // Of several cards each has its own: the holder reads which of them was at fault.
      typeof claims.code === 'string' && fact('receipt.reason', reasonOf(claims)),
      fact('signed.kept_until', day(claims.kept_until)),
      fact('signed.contact', claims.contact),
      code('signed.profile', claims.profile_digest),
      code('signed.number', claims.jti),
    ),
    button,
    answer,
  );
}

/** Codes are the verifier's words: those without a sentence are shown as they are. @param {Record<string, any>} claims */
function reasonOf(claims) {
  const key = `failure.${codeOf(claims)}`;
  return isText(key) ? t(/** @type {any} */ (key)) : codeOf(claims);
}

/** @param {'signed' | 'shown' | null} logged */
function inLog(logged) {
  if (logged === null) return t('signed.not_logged');
  return t(logged === 'signed' ? 'signed.logged' : 'signed.logged_unsigned');
}

/** @param {Record<string, any>} statement @param {Record<string, any>} receipt */
function told({ standing, iat, record, readings, logged }, receipt) {
  const host = hostOf(receipt.iss);
  if (standing === 'erased') {
    const early = iat < receipt.kept_until;
    return h(
      'div.stack',
      null,
      h('p', null, t('signed.erased', { party: host })),
      early && h('p.notice.notice--warn', null, t('signed.erased_early')),
      h('p.muted', null, inLog(logged)),
    );
  }
  if (standing === 'unknown') return h('p.notice.notice--warn', null, t('signed.unknown', { party: host }));
  const { service = 0, staff = 0 } = readings?.by_kind ?? {};
  return h(
    'dl.facts',
    null,
    fact('signed.recorded', moment(record.recorded_at * 1000)),
    fact('signed.names', Array.isArray(record.claims) ? record.claims.join(', ') : null),
    fact('signed.kept_until', day(record.kept_until)),
    fact('signed.readings', t('signed.readings_of', { service, staff })),
    fact('signed.log', inLog(logged)),
  );
}

/** @param {import('../lib/i18n.js').TextKey} key @param {string | null | undefined} value */
function fact(key, value) {
  return value ? [h('dt', null, t(key)), h('dd', null, value)] : null;
}

/** @param {import('../lib/i18n.js').TextKey} key @param {string | null | undefined} value */
function code(key, value) {
  return value ? [h('dt', null, t(key)), h('dd.mono', null, value)] : null;
}
