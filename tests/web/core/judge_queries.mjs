// Judge cases by our own evaluation of DCQL: one JSON array on standard input, one on standard output.
import { readFileSync } from 'node:fs';
import { evaluate } from '../../../api/web/static/wallet/core/dcql.js';

function judged({ query, holdings }) {
  const held = holdings.map(({ vct, claims, authority }) => (
    { format: 'dc+sd-jwt', vct, claims, authorityKeyIds: authority ? [authority] : [] }
  ));
  try {
    const { satisfied, matches } = evaluate(query, held);
    const candidates = Object.entries(matches).filter(([, found]) => found.length > 0)
      .map(([id, found]) => [id, found.map(({ index }) => index)]);
    return { parsed: true, candidates: Object.fromEntries(candidates), satisfiable: satisfied };
  } catch {
    return { parsed: false };
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(judged)));
