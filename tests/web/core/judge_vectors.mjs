// Read what others published: one JSON object on standard input, one on standard output.
import { readFileSync } from 'node:fs';
import { disclose } from '../../../api/web/static/wallet/core/disclosures.js';
import { statusAt } from '../../../api/web/static/wallet/core/status_list.js';

const { disclosures, statuses } = JSON.parse(readFileSync(0, 'utf8'));
const shown = ({ payload, texts }) => disclose(payload, texts).then(({ claims }) => claims, ({ code }) => code);
const read = ({ bits, lst, indexes }) => Promise.all(indexes.map((index) => statusAt(bits, lst, index)));

process.stdout.write(JSON.stringify({
  disclosures: await Promise.all(disclosures.map(shown)),
  statuses: await Promise.all(statuses.map(read)),
}));
