// Judge cases by the npm package `dcql`: one JSON array on standard input, one on standard output.
import { readFileSync } from 'node:fs'
import { DcqlPresentationResult, DcqlQuery } from 'dcql'

function judged({ query, holdings, presented }) {
  let parsed
  try {
    parsed = DcqlQuery.parse(query)
    DcqlQuery.validate(parsed)
  } catch {
    return { parsed: false }
  }
  const credentials = holdings.map((holding) => ({
    credential_format: 'dc+sd-jwt',
    vct: holding.vct,
    claims: holding.claims,
    cryptographic_holder_binding: holding.holder_binding,
    ...(holding.authority ? { authority: { type: 'aki', values: [holding.authority] } } : {}),
  }))
  const result = DcqlQuery.query(parsed, credentials)
  const candidates = {}
  for (const [id, match] of Object.entries(result.credential_matches)) {
    if (match.success) candidates[id] = match.valid_credentials.map((valid) => valid.input_credential_index)
  }
  let accepted = null
  if (Object.keys(presented).length > 0) {
    const shown = Object.fromEntries(
      Object.entries(presented).map(([id, places]) => [id, places.map((place) => credentials[place])]),
    )
    try {
      accepted = DcqlPresentationResult.fromDcqlPresentation(shown, { dcqlQuery: parsed }).can_be_satisfied === true
    } catch {
      accepted = false
    }
  }
  return { parsed: true, candidates, satisfiable: Boolean(result.can_be_satisfied), accepted }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(judged)))
