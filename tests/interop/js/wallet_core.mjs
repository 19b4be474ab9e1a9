// Do one job with the wallet page's own core: receive, present, decline or look a status up.
import { readFileSync } from 'node:fs'
import { readCertificate } from '../../../api/web/static/wallet/core/certificate.js'
import { evaluate } from '../../../api/web/static/wallet/core/dcql.js'
import * as issuance from '../../../api/web/static/wallet/core/issuance.js'
import { answer, decline, resolveRequest } from '../../../api/web/static/wallet/core/presentation.js'
import { lookUp } from '../../../api/web/static/wallet/core/registry.js'
import { readCredential } from '../../../api/web/static/wallet/core/sd_jwt.js'
import { fetchStatus } from '../../../api/web/static/wallet/core/status_list.js'
import { fetchType } from '../../../api/web/static/wallet/core/type_metadata.js'
import { fillInConsent } from './callbacks_core.mjs'

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' }
const REDIRECT = 'http://localhost/wallet/return'

/** Make a key that this test can take to its next process; the page's cannot be exported. */
async function newKey() {
  const pair = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  return { privateKey: pair.privateKey, publicJwk: { kty, crv, x, y } }
}

async function receive({ offer: link, txCode, flow, copies }) {
  const offer = await issuance.resolveOffer(link)
  const issuer = await issuance.loadIssuer(offer)
  const dpopKey = await newKey()
  const token = flow === 'authorization-code'
    ? await consented(issuer, offer, txCode, dpopKey) : await issuance.redeem(issuer, offer, { txCode, dpopKey })
  const keys = await Promise.all(Array.from({ length: copies }, newKey))
  const [configurationId] = offer.configurationIds
  const { credentials, notificationId } = await issuance.fetchCredentials(issuer, token, configurationId, keys, { dpopKey })
  await issuance.notify(issuer, token, notificationId, 'credential_accepted', { dpopKey })
  const { claims } = await readCredential(credentials[0])
  const type = await fetchType(claims.vct, claims['vct#integrity'])
  const key = await crypto.subtle.exportKey('jwk', keys[0].privateKey)
  return { credentials, key, credential: credentials[0], tokenType: token.tokenType, names: [type.name('ko'), type.name('en')] }
}

async function consented(issuer, offer, txCode, dpopKey) {
  const options = { redirectUri: REDIRECT, clientId: 'http://localhost/wallet', dpopKey }
  const { url, pending } = await issuance.startAuthorization(issuer, offer, options)
  const callback = await fillInConsent(url, txCode)
  return issuance.finishAuthorization(JSON.parse(JSON.stringify(pending)), callback, { dpopKey })
}

async function present({ request: link, credential, key, register, also = [] }) {
  const request = await resolveRequest(link)
  const registered = await lookUp(register, request)
  const { claims, header } = await readCredential(credential)
  const authorityKeyIds = header.x5c.map((one) => readCertificate(one).authorityKeyId)
  const { sets, matches } = evaluate(request.query, [{ vct: claims.vct, claims, authorityKeyIds }])
  const privateKey = await crypto.subtle.importKey('jwk', key, CURVE, false, ['sign'])
  const chosen = sets[0].map((id) => (
    { id, credential, privateKey, paths: [...matches[id][0].required, ...also] }
  ))
  const { redirectUri } = await answer(request, chosen)
  return { redirectUri, verifierName: request.verifierName, registered, transactions: request.transactionData }
}

const jobs = {
  receive,
  present,
  decline: async ({ request }) => decline(await resolveRequest(request)),
  status: async ({ credential }) => ({ status: await fetchStatus((await readCredential(credential)).claims) }),
}

const job = JSON.parse(readFileSync(0, 'utf8'))
const done = await jobs[job.act](job).then(
  (result) => ({ result }),
  ({ code, error, problem, stack }) => ({ kind: code ?? stack, error: `${error}`, response: `${problem}` }),
)
process.stdout.write(JSON.stringify(done))
