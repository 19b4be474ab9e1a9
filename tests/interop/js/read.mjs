// Read a credential and its status list as @sd-jwt does, by the certificate each of them carries.
//
// Job: {credential, statusList: JWT}. Result: {vct, claims, index, status, ttl, bits}.

import { createHash } from 'node:crypto'
import { getListFromStatusListJWT, getStatusListFromJWT } from '@sd-jwt/jwt-status-list'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import * as jose from 'jose'

import { run } from './callbacks.mjs'

const certificate = (der) => `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----`

async function verifiedBy(token, typ) {
  const header = jose.decodeProtectedHeader(token)
  if (header.typ !== typ) throw new Error(`expected ${typ}, got ${header.typ}`)
  const key = await jose.importX509(certificate(header.x5c[0]), 'ES256')
  await jose.compactVerify(token, key)
  return key
}

run(async (job) => {
  await verifiedBy(job.credential.split('~')[0], 'dc+sd-jwt')
  await verifiedBy(job.statusList, 'statuslist+jwt')
  const sdJwt = new SDJwtVcInstance({
    hasher: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(),
    verifier: async (data, signature) => {
      const compact = `${data}.${signature}`
      const key = await jose.importX509(certificate(jose.decodeProtectedHeader(compact).x5c[0]), 'ES256')
      return jose.compactVerify(compact, key).then(() => true, () => false)
    },
    statusVerifier: async () => true,
    statusListFetcher: async () => job.statusList,
    statusValidator: async () => {},
  })
  const { payload } = await sdJwt.verify(job.credential)
  const entry = getStatusListFromJWT(job.credential.split('~')[0])
  const list = getListFromStatusListJWT(job.statusList)
  const { ttl, sub, status_list: published } = jose.decodeJwt(job.statusList)
  return { vct: payload.vct, claims: payload, index: entry.idx, uri: entry.uri, sub, status: list.getStatus(entry.idx), ttl, bits: published.bits }
})
