/**
 * Asks the browser to open the links of issuers and verifiers with this page.
 *
 * HTML lets pages have a short list of schemes and those that begin with `web+`; a browser that lets none of these be
 * had says so. Links to `/wallet#offer=…` and `/wallet#request=…` work in every one.
 */

import { t } from './i18n.js';

const SCHEMES = /** @type {const} */ ([
  ['openid-credential-offer', 'offer'],
  ['haip-vci', 'offer'],
  ['openid4vp', 'request'],
  ['haip-vp', 'request'],
]);

/**
 * Ask for each scheme.
 * @returns {string} what to tell the customer.
 */
export function offerProtocols() {
  const taken = SCHEMES.filter(([scheme, kind]) => {
    try {
      navigator.registerProtocolHandler(scheme, `${location.origin}/wallet#${kind}=%s`);
      return true;
    } catch {
      return false;
    }
  });
  return taken.length > 0 ? t('settings.links_asked') : t('settings.links_refused');
}
