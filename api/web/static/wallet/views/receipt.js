/** Shows one entry of the history: to whom what was shown, why, and how it ended. The customer's consent receipt. */

import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { moment } from '../lib/format.js';
import { outcome } from '../parts/outcome.js';
import { concernNotices, signedReceipt } from '../parts/signed_receipt.js';
import { top } from '../parts/top.js';
import { readEntry } from '../store/history.js';
import { sentenceOf } from '../parts/failure.js';

/** @param {import('../lib/router.js').Context} context */
export default async function view({ params: [id] }) {
  const entry = await readEntry(id ?? '');
  if (!entry) return outcome('plain', 'history', t('receipt.gone'), '', h('a.button.button--primary.button--wide', { href: '#/history' }, t('action.back')));
  const { claims = [], transactions = [] } = entry;
  const shows = entry.kind === 'presented' || entry.kind === 'failed';
  return h(
    'section.stack.stack--loose',
    null,
    top(t('receipt.title'), '#/history'),
    h(
      'dl.facts.card',
      null,
      fact('receipt.what', t(`history.${entry.kind}`)),
      fact('receipt.party', entry.party),
      fact('receipt.when', moment(entry.at)),
      fact('receipt.credential', entry.credential),
      fact('receipt.purpose', entry.purpose),
      entry.code && fact('receipt.reason', sentenceOf({ code: entry.code })),
      entry.clientId && [h('dt', null, t('receipt.id')), h('dd.mono', null, entry.clientId)],
    ),
    transactions.length > 0 && h('div.card.stack', null, h('h2', null, t('receipt.transactions')), transactions.map((text) => h('p', null, text))),
    concernNotices(entry.concerns ?? []),
    shows && h('div.card.stack', null, h('h2', null, t('receipt.claims')), claims.length > 0 ? h('dl.claims', null, claims.map(({ label, value }) => h('div', null, h('dt', null, label), h('dd', null, value)))) : h('p.muted', null, t('receipt.none'))),
    (entry.receipts ?? []).map((receipt) => signedReceipt(receipt, entry.register)),
  );
}

/** @param {import('../lib/i18n.js').TextKey} key @param {string | undefined} value */
function fact(key, value) {
  return value ? [h('dt', null, t(key)), h('dd', null, value)] : null;
}
