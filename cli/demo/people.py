"""Invent customers: realistic Korean data of nobody, filed under references that begin with `synthetic-`."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from faker import Faker

from cli.demo.names import family_name, given_name

_BANKS = ("한빛은행", "새벽은행", "미리내은행", "가온은행", "누리저축은행")
_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Customer:
    """Hold an invented customer: the back office's reference and the person as the API takes it."""

    reference: str
    person: dict[str, Any]

    def evidence_digest(self, method: str) -> str:
        """Give the SHA-256 of the evidence the back office would have kept of a check."""
        return "0x" + hashlib.sha256(f"synthetic evidence/{self.reference}/{method}".encode()).hexdigest()


def invent_customers(count: int, *, run: str, now: int) -> Iterator[Customer]:
    """Invent customers, the same each time; `run` keeps the references of two plays apart, `now` is seconds UTC."""
    faker = Faker("ko_KR")
    faker.seed_instance(_SEED)
    for number in range(count):
        female = faker.boolean()
        family = faker.last_name()
        given = faker.first_name_female() if female else faker.first_name_male()
        person = {
            "family_name": family_name(family),
            "given_name": given_name(given),
            "name_ko": family + given,
            "birthdate": faker.date_of_birth(minimum_age=19, maximum_age=88).isoformat(),
            "sex": "female" if female else "male",
            "nationality": "KR",
            # 010-0XXX-XXXX in the international form of E.164: no subscriber's number begins like that.
            "phone_number": faker.numerify("+82100#######"),
            "address": faker.address().replace("\n", " "),
            "account": {
                "bank": faker.random_element(_BANKS),
                "number": faker.numerify("%##-######-##-###"),
                "verified_at": now - 60,
            },
        }
        yield Customer(f"synthetic-{run}-{number + 1:03d}", person)
