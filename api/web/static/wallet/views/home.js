/** Shows the cards of the wallet. */

import { h, icon } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { renew, whenNewer } from '../lib/offline.js';
import { lock } from '../lib/session.js';
import { card, statusBadge } from '../parts/card.js';
import { askStatus, listCards } from '../flows/cards.js';
import { fetchAwaited } from '../flows/receiving.js';
import { show } from '../lib/router.js';
import { sentenceOf } from '../parts/failure.js';
import { listPending } from '../store/pending.js';

const LOOK_AGAIN_MS = 10_000;

/** @param {import('../lib/router.js').Context} context */
export default async function home({ signal }) {
  const [cards, pending] = await Promise.all([listCards(), listPending()]);
  const awaited = pending.filter((one) => one.transactionId);
  const news = h('div.home__news');
  whenNewer(() => {
    news.replaceChildren(h('button.notice.home__renew', { type: 'button', onclick: renew }, t('home.newer')));
  });
  return h(
    'section.home',
    null,
    h(
      'header.home__head',
      null,
      h('img', { src: '/static/common/mark.svg', alt: '', width: 32, height: 32 }),
      h('h1', null, t('home.title')),
      h('button.icon-button', { type: 'button', 'aria-label': t('lock.now'), onclick: () => lock() }, icon('lock')),
    ),
    news,
    awaited.map(waitingFor),
    cards.length === 0 ? empty() : h('ul.cards', { role: 'list' }, cards.map((one) => entry(one, signal))),
    cards.length > 0 && h('a.button.button--soft.button--wide', { href: '#/add' }, icon('plus'), t('home.add')),
    h('p.home__foot.faint', null, icon('shield', 'icon--small'), t('home.foot')),
  );
}

function empty() {
  return h(
    'div.empty',
    null,
    h('img', { src: '/static/wallet/icons/empty.svg', alt: '', width: 200, height: 132 }),
    h('h2', null, t('home.empty')),
    h('p.muted', null, t('home.empty_hint')),
    h('a.button.button--primary.button--wide', { href: '#/add' }, icon('scan'), t('home.first')),
  );
}

/**
 * @param {Awaited<ReturnType<typeof listCards>>[number]} one
 * @param {AbortSignal} signal
 */
function entry({ id, face, held, status }, signal) {
  const badge = h('span', null, statusBadge(status));
  const shown = h('div', null, card(face, status));
  let seen = status;
  const look = async () => {
    const now = await askStatus(held);
    if (signal.aborted || now === seen) return;
    seen = now;
    badge.replaceChildren(statusBadge(now));
    shown.replaceChildren(card(face, now));
  };
  look();
  // An issuer publishes its list some moments after the ledger has changed; who keeps looking must see it.
  const again = setInterval(() => document.hidden || look(), LOOK_AGAIN_MS);
  signal.addEventListener('abort', () => clearInterval(again), { once: true });
  return h(
    'li',
    null,
    h('a.cards__entry', { href: `#/credential/${encodeURIComponent(id)}`, 'aria-label': t('home.card', { name: face.name, issuer: face.issuer }) }, shown),
    h('div.cards__foot', null, h('span.muted', null, face.issuer), badge),
  );
}

/** Show what an issuer still prepares. @param {any} waiting */
function waitingFor({ id, issuerName }) {
  const text = h('p', { role: 'status' }, t('offer.awaited', { issuer: issuerName }));
  const button = /** @type {HTMLButtonElement} */ (h('button.button.button--small', { type: 'button' }, t('offer.check')));
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      if (await fetchAwaited(id)) return void show();
    } catch (error) {
      text.textContent = sentenceOf(error);
    }
    button.disabled = false;
  });
  return h('div.notice.home__awaited', null, icon('timer'), h('div.grow', null, text), button);
}
