"""Device keys of the wallet page: which outlive their card, and until when."""

from tests.web.pages import Phone

KEYS_OF_RECEIPTS = """async () => {
  const { makeKeys, readKeys } = await import('/static/wallet/store/device_keys.js');
  const { drop, keep } = await import('/static/wallet/store/credentials.js');
  const { forgetHistory, note } = await import('/static/wallet/store/history.js');
  const keys = (await makeKeys(3)).map(({ id }) => id);
  const left = async () => (await readKeys(keys)).map((key) => key !== undefined);
  const card = (some) => ({ copies: some.map((keyId) => ({ text: 'x', keyId, shown: 1 })) });
  const [first, second] = [await keep(card(keys.slice(0, 2))), await keep(card(keys.slice(2)))];
  await note({ kind: 'presented', party: 'p', receipts: [{ keyId: keys[0] }, { keyId: keys[2] }] });
  await note({ kind: 'declined', party: 'p' });
  const found = [await left()];
  await drop(first);
  found.push(await left());
  const [kept] = await readKeys([keys[0]]);
  const exported = await crypto.subtle.exportKey('jwk', kept.privateKey).then(() => 'given', (error) => error.name);
  await forgetHistory();
  found.push(await left());
  await drop(second);
  found.push(await left());
  return { found, exported };
}"""
MAKING_ROOM = """async () => {
  const { makeKeys, readKeys } = await import('/static/wallet/store/device_keys.js');
  const { listHistory, note } = await import('/static/wallet/store/history.js');
  const [{ id }] = await makeKeys(1);
  await note({ kind: 'presented', party: 'p', receipts: [{ keyId: id }] });
  const before = (await readKeys([id]))[0] !== undefined;
  // The oldest makes room, however many were noted in its millisecond.
  await new Promise((done) => setTimeout(done, 5));
  for (let count = 0; count < 500; count += 1) await note({ kind: 'declined', party: 'p' });
  return [before, (await readKeys([id]))[0] !== undefined, (await listHistory()).length];
}"""

UNREADABLE = """async () => {
  const { makeKeys, readKeys } = await import('/static/wallet/store/device_keys.js');
  const { write } = await import('/static/wallet/store/db.js');
  const { drop, keep } = await import('/static/wallet/store/credentials.js');
  const { forgetHistory, listHistory, note } = await import('/static/wallet/store/history.js');
  const [{ id }] = await makeKeys(1);
  const left = async () => (await readKeys([id]))[0] !== undefined;
  const card = await keep({ copies: [{ text: 'x', keyId: id, shown: 1 }] });
  const broken = { id: 'broken', at: 1, iv: new Uint8Array(12), sealed: new Uint8Array(32) };
  await write('history', broken.id, broken);
  await drop(card);
  const kept = await left();
  for (let count = 0; count < 500; count += 1) await note({ kind: 'declined', party: 'p' });
  const noted = (await listHistory()).length;
  await note({ kind: 'presented', party: 'p', receipts: [{ keyId: id }] });
  await forgetHistory();
  return [kept, noted, await left()];
}"""

MEANWHILE = """async () => {
  const { makeKeys, readKeys } = await import('/static/wallet/store/device_keys.js');
  const { drop, keep } = await import('/static/wallet/store/credentials.js');
  const { note } = await import('/static/wallet/store/history.js');
  const { keepingKeys } = await import('/static/wallet/store/receipt_keys.js');
  const [{ id }] = await makeKeys(1);
  const card = await keep({ copies: [{ text: 'x', keyId: id, shown: 1 }] });
  let removed;
  await keepingKeys(async () => {
    removed = drop(card);
    // As long as an answer may take, in turns of the browser's database.
    for (let turn = 0; turn < 50; turn += 1) await readKeys([id]);
    await note({ kind: 'presented', party: 'p', receipts: [{ keyId: id }] });
  });
  await removed;
  return (await readKeys([id]))[0] !== undefined;
}"""


def test_key_of_a_shown_copy_outlives_its_card_for_as_long_as_a_receipt_needs_it(held: Phone) -> None:
    told = held.page.evaluate(KEYS_OF_RECEIPTS)
    assert told["found"] == [
        [True, True, True],
        [True, False, True],
        [False, False, True],
        [False, False, False],
    ]
    assert told["exported"] == "InvalidAccessError"


def test_key_of_a_receipt_that_makes_room_goes_with_it(held: Phone) -> None:
    assert held.page.evaluate(MAKING_ROOM) == [True, False, 500]


def test_entry_that_cannot_be_opened_costs_no_key_and_does_not_hold_up_what_is_noted_after_it(held: Phone) -> None:
    """It may need any key; and it makes room like any other, or nothing could be noted ever again."""
    assert held.page.evaluate(UNREADABLE) == [True, 500, False]


def test_card_that_is_removed_while_it_is_being_shown_leaves_the_key_that_its_receipt_needs(held: Phone) -> None:
    assert held.page.evaluate(MEANWHILE) is True
