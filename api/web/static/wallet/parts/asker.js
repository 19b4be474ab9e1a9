/** Shows who asks, by what registration, and what would be confirmed. */

import { h, icon } from '../lib/dom.js';
import { toldBy } from '../core/told.js';
import { hostOf } from '../lib/format.js';
import { t } from '../lib/i18n.js';

/** @param {import('../flows/presenting.js').OpenedRequest} opened */
export function asker({ request, registration }) {
  const { certificate } = request;
  const { keptForS } = toldBy(request.claims, registration?.profile);
  const names = [certificate.organisation, certificate.commonName].filter(Boolean).join(' · ') || certificate.dnsNames[0];
  return h(
    'div.stack',
    null,
    h('div.party', null, h('span.avatar.avatar--large', { 'aria-hidden': 'true' }, icon('bank')), h('h1', null, request.verifierName), h('p.muted', null, t('request.title'))),
    h(
      'dl.facts.card',
      null,
      registration?.profile && [h('dt', null, t('request.purpose')), h('dd', null, registration.profile.purpose)],
      keptForS !== null && [h('dt', null, t('request.kept')), h('dd', null, t('request.kept_days', { n: Math.ceil(keptForS / 86_400) }))],
      h('dt', null, t('request.certificate')),
      h('dd', null, names),
      h('dt', null, t('request.address')),
      h('dd.mono', null, hostOf(request.responseUri)),
    ),
  );
}

/** @param {import('../flows/presenting.js').Registration} registration */
export function registrationNotice(registration) {
  if (registration?.known) return h('div.notice.notice--good', null, icon('shield'), h('p', null, t('request.registered')));
  return h(
    'div.notice.notice--warn',
    { role: 'note' },
    icon('warn'),
    h('div', null, h('h2', null, t(registration ? 'request.unregistered' : 'request.not_registered')), h('p', null, t('request.not_registered_hint'))),
  );
}

/** @param {{ title: string, lines: string[][] }[]} transactions */
export function transactionCards(transactions) {
  return transactions.map(({ title, lines }) =>
    h(
      'div.card.stack.transaction',
      null,
      h('p.label', null, t('request.transaction')),
      h('h2', null, title),
      h('dl.facts', null, lines.map(([name, value]) => [h('dt', null, name), h('dd', null, value)])),
    ),
  );
}
