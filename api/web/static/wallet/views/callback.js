/** Goes on where an issuer's consent page led back to. */

import { h, replace } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { go, takeArrived } from '../lib/router.js';
import { comeBack } from '../flows/receiving.js';
import { failureView } from '../parts/failure.js';
import { outcome, waiting } from '../parts/outcome.js';
import { received } from './offer.js';

/** @param {import('../lib/router.js').Context} context */
export default function view({ signal }) {
  const arrived = takeArrived();
  const home = h('a.button.button--primary.button--wide', { href: '#/home' }, t('action.home'));
  if (arrived?.kind !== 'callback') return outcome('plain', 'scan', t('offer.gone'), t('link.gone_hint'), home);
  const frame = h('section.flow', null, waiting(t('offer.receiving')));
  const address = arrived.text.startsWith('http') ? arrived.text : `${location.origin}/wallet/return?${arrived.text.replace(/^\?/, '')}`;
  comeBack(address).then(
    (result) => !signal.aborted && replace(frame, received(result)),
    (error) => !signal.aborted && replace(frame, failureView(error, () => go('#/home'), t('offer.failed'))),
  );
  return frame;
}
