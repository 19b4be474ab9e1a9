// @ts-check
// Discover what an issuer and its authorization server offer (OpenID4VCI 1.0 section 12.2, RFC 8414). Each document
// must say byte for byte that it is about whom it was asked about (mix-up). Endpoints lie at the server whose document
// names them or elsewhere on the web under https; never under plain http at another place than that server.
import { WalletError, demand } from './errors.js';
import { judgedUrl, request, requireJson } from './http.js';
import { isObject, member } from './json.js';

const ISSUER_ENDPOINTS = [
  'credential_endpoint', 'nonce_endpoint', 'deferred_credential_endpoint', 'notification_endpoint',
];
const SERVER_ENDPOINTS = [
  'token_endpoint', 'authorization_endpoint', 'pushed_authorization_request_endpoint', 'challenge_endpoint',
];

/**
 * An issuer as far as a wallet needs it; all of it is JSON and can be stored.
 * @typedef {object} Issuer
 * @property {string} url its identifier
 * @property {string} origin
 * @property {Record<string, any>} metadata
 * @property {Record<string, any>} server the authorization server's metadata
 * @property {Record<string, any>} configurations by credential configuration id
 * @property {number} batchSize how many copies one request may ask for
 */

/**
 * Load an issuer's metadata and that of its authorization server.
 * @param {{credentialIssuer: string, authorizationServer?: string | null} | string} offer or the issuer's address
 * @returns {Promise<Issuer>}
 * Throws `issuer_mismatch`, `malformed_issuer`, and what `http.request` throws.
 */
export async function loadIssuer(offer) {
  const url = typeof offer === 'string' ? offer : offer.credentialIssuer;
  const metadata = requireJson(await request(wellKnown(url, 'openid-credential-issuer')));
  demand(metadata.credential_issuer === url, 'issuer_mismatch', "the metadata is another issuer's");
  const endpoints = requireEndpoints(metadata, ISSUER_ENDPOINTS, url);
  demand(endpoints.includes('credential_endpoint'), 'malformed_issuer', 'no credential endpoint');
  const serverUrl = chosenServer(metadata, url, typeof offer === 'string' ? null : offer.authorizationServer);
  const server = requireJson(await request(wellKnown(serverUrl, 'oauth-authorization-server')));
  demand(server.issuer === serverUrl, 'issuer_mismatch', "the metadata is another authorization server's");
  demand(requireEndpoints(server, SERVER_ENDPOINTS, serverUrl).includes('token_endpoint'), 'malformed_issuer');
  const configurations = metadata.credential_configurations_supported;
  if (!isObject(configurations)) throw new WalletError('malformed_issuer', 'no credential configurations');
  const size = member(metadata.batch_credential_issuance, 'batch_size');
  const batchSize = Number.isInteger(size) && size > 0 ? Math.min(size, 100) : 1;
  return { url, origin: new URL(url).origin, metadata, server, configurations, batchSize };
}

/**
 * Give a credential configuration that this wallet can use; throws `configuration_missing`.
 * @param {Issuer} issuer
 * @param {string} id
 */
export function configurationOf(issuer, id) {
  const configuration = member(issuer.configurations, id);
  const usable = isObject(configuration) && configuration.format === 'dc+sd-jwt';
  if (!usable || typeof configuration.vct !== 'string') {
    throw new WalletError('configuration_missing', 'the issuer has no such credential in a format of ours');
  }
  return configuration;
}

/**
 * Give where a document about an identifier stands: between its host and its path (RFC 8414 section 3.1).
 * @param {string} identifier
 * @param {string} name
 */
export function wellKnown(identifier, name) {
  const url = judgedUrl(identifier);
  demand(!url.search, 'address_refused', 'an issuer is named without a query');
  return `${url.origin}/.well-known/${name}${url.pathname.replace(/\/$/, '')}`;
}

/** @param {Record<string, any>} metadata @param {string} url @param {string | null | undefined} wanted */
function chosenServer(metadata, url, wanted) {
  const servers = metadata.authorization_servers ?? [url];
  const holds = Array.isArray(servers) && servers.length > 0 && servers.every((one) => typeof one === 'string');
  demand(holds, 'malformed_issuer', '`authorization_servers` is no list');
  demand(!wanted || servers.includes(wanted), 'issuer_mismatch', 'the offer names a server the issuer does not');
  return wanted ?? servers[0];
}

/** @param {Record<string, any>} document @param {string[]} names @param {string} url @returns {string[]} those there */
function requireEndpoints(document, names, url) {
  const { origin } = new URL(url);
  const there = names.filter((name) => name in document);
  for (const name of there) {
    const endpoint = judgedUrl(document[name]);
    const holds = endpoint.origin === origin || endpoint.protocol === 'https:';
    demand(holds, 'malformed_issuer', 'an endpoint lies at another place without https');
  }
  return there;
}
