// What the independent clients ask of whoever embeds them: keys, hashes, signatures. Everything is done by `jose` and
// WebCrypto; nothing of Jeung is used, so that a mistake of ours cannot cancel itself out.

import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as jose from 'jose'

const keys = new Map()

/** Make a P-256 key pair and remember it by its thumbprint; give its public JWK. */
export async function newKey() {
  const { publicKey, privateKey } = await jose.generateKeyPair('ES256', { extractable: true })
  const jwk = await jose.exportJWK(publicKey)
  keys.set(await jose.calculateJwkThumbprint(jwk), privateKey)
  return jwk
}

/** Use a private JWK given from outside; give its public part. */
export async function useKey(privateJwk) {
  const { d, ...jwk } = privateJwk
  keys.set(await jose.calculateJwkThumbprint(jwk), await jose.importJWK(privateJwk, 'ES256'))
  return jwk
}

/** Give the private JWK of a key made here, so that another run can present with it. */
export async function exported(jwk) {
  return jose.exportJWK(keys.get(await jose.calculateJwkThumbprint(jwk)))
}

/** Sign a compact JWT with the key whose public JWK this is. */
export async function sign(jwk, header, payload) {
  const key = keys.get(await jose.calculateJwkThumbprint(jwk))
  return new jose.CompactSign(new TextEncoder().encode(JSON.stringify(payload))).setProtectedHeader(header).sign(key)
}

async function publicKeyOf(signer) {
  if (signer.method === 'jwk') return jose.importJWK(signer.publicJwk, signer.alg)
  if (signer.method === 'x5c') {
    return jose.importX509(`-----BEGIN CERTIFICATE-----\n${signer.x5c[0]}\n-----END CERTIFICATE-----`, signer.alg)
  }
  throw new Error(`no key by ${signer.method}`)
}

export const callbacks = {
  hash: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(),
  generateRandom: (length) => randomBytes(length),
  signJwt: async (signer, { header, payload }) => ({
    jwt: await sign(signer.publicJwk, header, payload),
    signerJwk: signer.publicJwk,
  }),
  verifyJwt: async (signer, { compact }) => {
    try {
      const key = await publicKeyOf(signer)
      await jose.compactVerify(compact, key)
      return { verified: true, signerJwk: await jose.exportJWK(key) }
    } catch {
      return { verified: false }
    }
  },
  encryptJwe: async (encryptor, data) => ({
    encryptionJwk: encryptor.publicJwk,
    jwe: await new jose.CompactEncrypt(new TextEncoder().encode(data))
      .setProtectedHeader({ alg: encryptor.alg, enc: encryptor.enc, kid: encryptor.publicJwk.kid })
      .encrypt(await jose.importJWK(encryptor.publicJwk, encryptor.alg)),
  }),
  decryptJwe: async () => ({ decrypted: false }),
  getX509CertificateMetadata: (certificate) => {
    const names = (new X509Certificate(Buffer.from(certificate, 'base64')).subjectAltName ?? '').split(', ')
    const of = (kind) => names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length))
    return { sanDnsNames: of('DNS:'), sanUriNames: of('URI:') }
  },
}

/** Read the job from standard input, do it, write what came of it; an error becomes `{error, detail}`. */
export async function run(job) {
  try {
    const result = await job(JSON.parse(readFileSync(0, 'utf8')))
    process.stdout.write(JSON.stringify({ result }))
  } catch (error) {
    const response = error.errorResponse ?? error.response ?? undefined
    process.stdout.write(JSON.stringify({ error: String(error.message), kind: error.constructor.name, response }))
  }
}
