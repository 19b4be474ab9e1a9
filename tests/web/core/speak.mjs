// Write what a wallet sends, for Python to judge: one JSON object on standard output.
import { readFileSync } from 'node:fs';
import { utf8 } from '../../../api/web/static/wallet/core/crypto.js';
import { makeProof } from '../../../api/web/static/wallet/core/dpop.js';
import { encrypt } from '../../../api/web/static/wallet/core/jwe.js';
import { signJwt, thumbprint } from '../../../api/web/static/wallet/core/jose.js';
import { present } from '../../../api/web/static/wallet/core/sd_jwt.js';
import { NOW, fixtures, keyOf } from './stage.mjs';

const wanted = JSON.parse(readFileSync(0, 'utf8'));
const holder = await keyOf(fixtures.holder);
const binding = { audience: wanted.audience, nonce: wanted.nonce, issuedAt: NOW, privateKey: holder.privateKey };
const transactionData = wanted.transactions;
const sealed = await Promise.all(wanted.lengths.flatMap((length) => ['A128GCM', 'A256GCM'].map((enc) => (
  encrypt(utf8('x'.repeat(length)), wanted.recipient, { enc })
))));

process.stdout.write(JSON.stringify({
  presentation: await present(fixtures.credential, wanted.paths, { ...binding, transactionData }),
  proof: await makeProof(holder, 'POST', wanted.url, { nonce: wanted.nonce, accessToken: wanted.token }),
  signed: await signJwt({ typ: 'x+jwt' }, { name: '김민지', nested: [1, { a: null }] }, holder.privateKey),
  thumbprint: await thumbprint(holder.publicJwk),
  sealed,
}));
