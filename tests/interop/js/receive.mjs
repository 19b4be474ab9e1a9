// Receive credentials as a wallet built on @openid4vc would.
//
// Job: {offer, flow: 'pre-authorized' | 'authorization-code', txCode, copies, dpop, provider?: private JWK of a wallet
// provider, reference?}. Result: {issuer, configuration, credentials, keys, notified}.

import {
  clientAuthenticationAnonymous,
  clientAuthenticationClientAttestationJwt,
  clientAuthenticationNone,
  createClientAttestationJwt,
  setGlobalConfig,
} from '@openid4vc/oauth2'
import { Openid4vciClient } from '@openid4vc/openid4vci'

import { callbacks, exported, newKey, run, useKey } from './callbacks.mjs'

setGlobalConfig({ allowInsecureUrls: true })

const CLIENT_ID = 'interop-wallet'
const REDIRECT_URI = 'https://wallet.example/return'

async function authentication(job) {
  if (job.provider === undefined) {
    return job.flow === 'pre-authorized'
      ? clientAuthenticationAnonymous()
      : clientAuthenticationNone({ clientId: CLIENT_ID })
  }
  const instance = await newKey()
  const attestation = await createClientAttestationJwt({
    callbacks,
    clientId: CLIENT_ID,
    issuer: 'https://wallet-provider.example',
    confirmation: { jwk: instance },
    expiresAt: new Date(Date.now() + 300_000),
    signer: { method: 'jwk', alg: 'ES256', publicJwk: await useKey(job.provider) },
  })
  return clientAuthenticationClientAttestationJwt({ clientAttestationJwt: attestation, callbacks })
}

// Do on the consent page what its reader would do: type the code, press the first button.
async function consent(url, job) {
  const page = await fetch(url, { redirect: 'manual' })
  if (page.status !== 200) throw new Error(`the consent page answered ${page.status}`)
  const html = await page.text()
  const form = new URLSearchParams()
  for (const [tag] of html.matchAll(/<input[^>]*>/g)) {
    const attribute = (name) => tag.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1]
    if (attribute('type') === 'hidden') form.set(attribute('name'), attribute('value') ?? '')
    else if (attribute('name') === 'tx_code') form.set('tx_code', job.txCode)
    else if (attribute('name') === 'reference') form.set('reference', job.reference ?? '')
  }
  const button = html.match(/<button[^>]*name="([^"]*)"[^>]*value="([^"]*)"/)
  if (button) form.set(button[1], button[2])
  const action = html.match(/<form[^>]*action="([^"]*)"/)?.[1]?.replaceAll('&amp;', '&') ?? url
  const cookie = (page.headers.getSetCookie?.() ?? []).map((one) => one.split(';')[0]).join('; ')
  const answer = await fetch(new URL(action, url), {
    method: 'POST',
    body: form,
    redirect: 'manual',
    headers: { ...(cookie ? { cookie } : {}), origin: new URL(url).origin },
  })
  const location = answer.headers.get('location')
  if (location === null) throw new Error(`the consent page took the form with ${answer.status} and no redirect`)
  return location
}

async function authorized(client, job, offer, metadata, dpop) {
  if (job.flow === 'pre-authorized') {
    return client.retrievePreAuthorizedCodeAccessTokenFromOffer({
      credentialOffer: offer,
      issuerMetadata: metadata,
      txCode: job.txCode,
      dpop,
    })
  }
  const configuration = offer.credential_configuration_ids[0]
  const begun = await client.createAuthorizationRequestUrlFromOffer({
    credentialOffer: offer,
    issuerMetadata: metadata,
    clientId: CLIENT_ID,
    redirectUri: REDIRECT_URI,
    scope: metadata.credentialIssuer.credential_configurations_supported[configuration].scope,
    state: 'the-state',
    dpop,
  })
  const location = await consent(begun.authorizationRequestUrl, job)
  const authorizationServerMetadata = metadata.authorizationServers[0]
  const answer = client.parseAndVerifyAuthorizationResponseRedirectUrl({ url: location, authorizationServerMetadata })
  if (answer.error) throw new Error(`authorization: ${answer.error}`)
  return client.retrieveAuthorizationCodeAccessTokenFromOffer({
    issuerMetadata: metadata,
    credentialOffer: offer,
    authorizationCode: answer.code,
    pkceCodeVerifier: begun.pkce?.codeVerifier,
    redirectUri: REDIRECT_URI,
    dpop: begun.dpop ?? dpop,
  })
}

run(async (job) => {
  const client = new Openid4vciClient({
    callbacks: { ...callbacks, fetch, clientAuthentication: await authentication(job) },
  })
  const offer = await client.resolveCredentialOffer(job.offer)
  const metadata = await client.resolveIssuerMetadata(offer.credential_issuer)
  const dpop = job.dpop ? { signer: { method: 'jwk', alg: 'ES256', publicJwk: await newKey() } } : undefined
  const token = await authorized(client, job, offer, metadata, dpop)
  const configuration = offer.credential_configuration_ids[0]
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata: metadata })
  const keys = []
  const proofs = []
  for (let copy = 0; copy < job.copies; copy += 1) {
    const publicJwk = await newKey()
    keys.push(await exported(publicJwk))
    const { jwt } = await client.createCredentialRequestJwtProof({
      issuerMetadata: metadata,
      credentialConfigurationId: configuration,
      signer: { method: 'jwk', alg: 'ES256', publicJwk },
      nonce,
      clientId: job.provider !== undefined || job.flow === 'authorization-code' ? CLIENT_ID : undefined,
    })
    proofs.push(jwt)
  }
  const answered = await client.retrieveCredentials({
    issuerMetadata: metadata,
    accessToken: token.accessTokenResponse.access_token,
    credentialConfigurationId: configuration,
    proofs: { jwt: proofs },
    dpop: dpop && token.dpop,
  })
  const response = answered.credentialResponse
  let notified = false
  if (response.notification_id) {
    await client.sendNotification({
      issuerMetadata: metadata,
      accessToken: token.accessTokenResponse.access_token,
      notification: { notificationId: response.notification_id, event: 'credential_accepted' },
      dpop: dpop && { ...token.dpop, ...answered.dpop },
    })
    notified = true
  }
  return {
    issuer: offer.credential_issuer,
    draft: metadata.originalDraftVersion,
    configuration,
    tokenType: token.accessTokenResponse.token_type,
    credentials: response.credentials?.map((one) => one.credential ?? one),
    keys,
    notified,
  }
})
