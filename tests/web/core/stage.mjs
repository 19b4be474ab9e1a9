// What the tests share: the fixtures that Python wrote, keys, a way to expect a refusal, a server of strangers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { deflateSync } from 'node:zlib';
import { encode } from '../../../api/web/static/wallet/core/base64url.js';
import { sha256, utf8 } from '../../../api/web/static/wallet/core/crypto.js';
import { signJwt } from '../../../api/web/static/wallet/core/jose.js';

export const fixtures = JSON.parse(readFileSync(process.env.JEUNG_CORE_FIXTURES, 'utf8'));
export const NOW = fixtures.now;
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' };

/** Make a device key; the private half cannot be exported. */
export async function newKey() {
  const pair = await crypto.subtle.generateKey(CURVE, false, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  return { privateKey: pair.privateKey, publicJwk: { kty, crv, x, y } };
}

/** Import a key of the fixtures. */
export async function keyOf({ privateJwk, publicJwk, x5c }) {
  return { privateKey: await crypto.subtle.importKey('jwk', privateJwk, CURVE, false, ['sign']), publicJwk, x5c };
}

/** Give a signer of the fixtures by its name. */
export function signer(name) {
  return keyOf(fixtures.signers[name]);
}

/** Expect a refusal with a code; give it. */
export async function refused(code, act) {
  try {
    await act();
  } catch (failure) {
    assert.equal(failure.code, code, failure.stack);
    return failure;
  }
  return assert.fail(`nothing was refused, expected ${code}`);
}

/** Sign any header and payload: also what `signJwt` would not. */
export async function signAny(header, payload, key) {
  const parts = [header, payload].map((part) => encode(utf8(typeof part === 'string' ? part : JSON.stringify(part))));
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await crypto.subtle.sign(algorithm, key.privateKey, utf8(parts.join('.')));
  return `${parts.join('.')}.${encode(signature)}`;
}

/** Write a disclosure; give its text and its digest. */
export async function disclosure(...content) {
  const text = encode(utf8(JSON.stringify(['salt', ...content])));
  return { text, digest: encode(await sha256(text)) };
}

/** Issue a credential whose claims can each be kept back. */
export async function issue(issuer, { claims = {}, plain = {}, header = {}, extra = [] }) {
  const made = await Promise.all(Object.entries(claims).map(([name, value]) => disclosure(name, value)));
  const payload = { _sd_alg: 'sha-256', _sd: made.map(({ digest }) => digest), ...plain };
  const signed = await signJwt({ typ: 'dc+sd-jwt', x5c: issuer.x5c, ...header }, payload, issuer.privateKey);
  return [signed, ...made.map(({ text }) => text), ...extra, ''].join('~');
}

/** Write a status list of two bits each. */
export function statusList(bytes, bits = 2) {
  return { bits, lst: encode(deflateSync(Uint8Array.from(bytes))) };
}

/**
 * Serve as a stranger would. `routes` has by method and path an object, or a function that gives one of an exchange:
 * {status, headers, json, body, delay}; `seen` are the requests that came.
 */
export async function serve(routes = {}) {
  const seen = [];
  const server = createServer(async (incoming, outgoing) => {
    const parts = [];
    for await (const part of incoming) parts.push(part);
    const body = Buffer.concat(parts).toString('utf8');
    const path = incoming.url.split('?')[0];
    const exchange = { method: incoming.method, path, url: incoming.url, headers: incoming.headers, body };
    seen.push(exchange);
    const route = routes[`${incoming.method} ${path}`] ?? { status: 404 };
    const answer = typeof route === 'function' ? await route(exchange) : route;
    await new Promise((resolve) => setTimeout(resolve, answer.delay ?? 0));
    const kind = 'json' in answer ? { 'Content-Type': 'application/json' } : {};
    outgoing.writeHead(answer.status ?? 200, { ...kind, ...answer.headers });
    outgoing.end('json' in answer ? JSON.stringify(answer.json) : answer.body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return { url: `http://localhost:${server.address().port}`, routes, seen, close };
}
