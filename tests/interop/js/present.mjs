// Answer a presentation request as a wallet built on @openid4vc, dcql and @sd-jwt would.
//
// Job: {request: deep link, credential, key: private JWK}. Result: {clientId, satisfied, status, answer, shown}.

import { createHash, X509Certificate } from 'node:crypto'
import { setGlobalConfig } from '@openid4vc/oauth2'
import { Openid4vpClient } from '@openid4vc/openid4vp'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { DcqlQuery } from 'dcql'

import { callbacks, run, sign, useKey } from './callbacks.mjs'

setGlobalConfig({ allowInsecureUrls: true })

const sha256 = (data) => createHash('sha256').update(data).digest()

// Turn the claim paths that a query selects into the frame @sd-jwt presents by.
function frameOf(paths) {
  const frame = {}
  for (const path of paths) {
    let place = frame
    for (const [number, part] of path.entries()) {
      if (number === path.length - 1) place[part] = true
      else place = place[part] = typeof place[part] === 'object' ? place[part] : {}
    }
  }
  return frame
}

run(async (job) => {
  const holder = await useKey(job.key)
  const client = new Openid4vpClient({ callbacks: { ...callbacks, fetch } })
  const parsed = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: job.request })
  const resolved = await client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: parsed.params })
  const request = resolved.authorizationRequestPayload
  const leaf = new X509Certificate(Buffer.from(resolved.jar.signer.x5c[0], 'base64'))
  const sdJwt = new SDJwtVcInstance({
    hasher: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(),
    hashAlg: 'sha-256',
    saltGenerator: () => {
      throw new Error('a wallet makes no salts')
    },
    kbSignAlg: 'ES256',
    kbSigner: async (input) => {
      const [header, payload] = input.split('.').map((part) => JSON.parse(Buffer.from(part, 'base64url')))
      return (await sign(holder, header, payload)).split('.')[2]
    },
  })
  const query = DcqlQuery.parse(request.dcql_query)
  DcqlQuery.validate(query)
  const decoded = await sdJwt.decode(job.credential)
  const claims = await decoded.getClaims(async (data, alg) => sdJwt.config?.hasher?.(data, alg) ?? sha256(data))
  const held = {
    credential_format: 'dc+sd-jwt',
    vct: claims.vct,
    claims,
    cryptographic_holder_binding: true,
  }
  const judged = DcqlQuery.query(query, [held])
  const tokens = {}
  const shown = {}
  for (const one of query.credentials) {
    const match = judged.credential_matches[one.id]
    if (!match.success) continue
    const set = match.valid_credentials[0].claims?.valid_claim_sets?.[0]
    const wanted = (one.claims ?? [])
      .filter((claim, number) => set === undefined || (set.valid_claim_indexes ?? []).includes(number))
      .map((claim) => claim.path)
    const transaction = (request.transaction_data ?? []).map((data) => sha256(data).toString('base64url'))
    tokens[one.id] = [
      await sdJwt.present(job.credential, frameOf(wanted), {
        kb: {
          payload: {
            iat: Math.floor(Date.now() / 1000),
            aud: request.client_id,
            nonce: request.nonce,
            ...(transaction.length ? { transaction_data_hashes: transaction, transaction_data_hashes_alg: 'sha-256' } : {}),
          },
        },
      }),
    ]
    shown[one.id] = wanted
  }
  const encrypted = request.response_mode === 'direct_post.jwt'
  const response = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: request,
    clientMetadata: request.client_metadata,
    authorizationResponsePayload: { vp_token: tokens },
    ...(encrypted
      ? {
          jarm: {
            encryption: { nonce: 'unused' },
            serverMetadata: {
              authorization_signing_alg_values_supported: ['ES256'],
              authorization_encryption_alg_values_supported: ['ECDH-ES'],
              authorization_encryption_enc_values_supported: ['A256GCM', 'A128GCM'],
            },
          },
        }
      : {}),
  })
  const submitted = await client.submitOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: request,
    authorizationResponsePayload: response.authorizationResponsePayload,
    jarm: response.jarm,
  })
  return {
    clientId: request.client_id,
    hash: sha256(leaf.raw).toString('base64url'),
    satisfied: judged.can_be_satisfied,
    status: submitted.response.status,
    answer: await submitted.response.json().catch(() => null),
    shown,
    mode: submitted.responseMode,
  }
})
