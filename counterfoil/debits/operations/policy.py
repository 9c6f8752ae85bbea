"""What the operator decides about debit orders, and the ways in which they are collected."""

from __future__ import annotations

import re
from typing import Annotated

from counterfoil.debits import queries, rules
from counterfoil.debits.formats.accounts import wrong_creditor_id
from counterfoil.debits.models import DebitPolicy, DebitRun, DebitScheme
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.operator.models import BankAccount
from counterfoil.operator.queries import operator_currency
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.secrets import encrypt
from counterfoil.platform.signatures import Says, Secret

WAYS = {code: way.label for code, way in rules.WAYS.items()}
_FAMILIES = {"sepa_core": "sepa", "sepa_b2b": "sepa", "bacs": "bacs", "nacha": "nacha"}


_NUMBERS = (
    "Creditor identifier (SEPA), service user number (BACS), company identification (ACH), service key (Netcash) or "
    "client number (Nedbank)."
)
_KEY = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def family_of(way: str) -> str:
    """By whose rules accounts and codes of a way are read."""
    return _FAMILIES.get(way, "za")


def check_way(way: str) -> None:
    """Refuses what is no way of collecting."""
    refuse_if(way not in WAYS, "unknown_choice", "Choose how it is collected.", field="way")


@verb(label="Change what holds for debit orders", whole=True)
def set_debit_policy(
    op: Operation,
    *,
    least_minor: Annotated[int, Says("Least to collect", "Less waits for the next run.")],
    fee_minor: Annotated[int, Says("Fee of a returned debit order", "The customer owes it as a debit memo.")],
    most_tries: Annotated[int, Says("Times the same invoice may come back", least=1)],
    on_day: Annotated[bool, Says("Record as paid on the day of the collection",
                                 "What comes back is reversed. Otherwise only what the bank confirms is recorded.")],
    second_person: Annotated[bool, Says("Somebody else approves",
                                        "Who prepared the debit orders cannot approve them.")],
    notices: Annotated[bool, Says("Tell customers", "By e-mail, before it is collected and when it came back.")] = True,
) -> DebitPolicy:  # fmt: skip
    """From now on debit orders are chosen, approved and recorded like this."""
    refuse_if(not 0 <= least_minor < 10**12, "absurd_amount", "Give an amount of zero or more.", field="least")
    refuse_if(not 0 <= fee_minor < 10**9, "absurd_amount", "Give a fee of zero or more.", field="fee")
    refuse_if(not 1 <= most_tries <= 20, "absurd_number", "Give a number from 1 to 20.", field="most_tries")
    meant = rules.Policy(least_minor, fee_minor, most_tries, on_day, second_person, notices)
    refuse_if(meant == queries.policy(), "no_change", "It is already set that way.")
    row = DebitPolicy.objects.create(
        least_minor=least_minor, fee_minor=fee_minor, most_tries=most_tries, on_day=on_day, second_person=second_person,
        notices=notices, at=op.now, author=op.caller.name[:120],
    )  # fmt: skip
    op.record("debit_policy.changed", row, what=", ".join(f"{label}: {line}" for label, line in policy_words(meant)))
    return row


def policy_words(row: rules.Policy) -> list[tuple[str, str]]:
    """What holds, in words, each with its label."""
    return [
        ("Returns of an invoice", f"At most {row.most_tries}, then it is left to people"),
        ("Recorded as paid", "On the day of the collection" if row.on_day else "Once the bank says so"),
        ("Customers are told", "Before it is collected, and when it came back" if row.notices else "Nothing"),
        ("Approved by", "Somebody who did not prepare them" if row.second_person else "Anybody who may"),
    ]


@verb(label="Collect debit orders by a bank", whole=True)
def add_debit_scheme(
    op: Operation,
    *,
    way: Annotated[str, Says("How", most=10)],
    bank_account: BankAccount,
    creditor: Annotated[str, Says("Our number with the bank", _NUMBERS, most=80), Secret],
    bank_name: Annotated[str, Says("Name of the bank in the file", "Only ACH asks for it.", most=80)] = "",
    vendor_key: Annotated[str, Says("Software vendor key", "Only Netcash asks for it. Empty: the general one.",
                                    most=40)] = "",
) -> DebitScheme:  # fmt: skip
    """Mandates of this kind can be added, and runs of debit orders made."""
    check_way(way)
    account = BankAccount.objects.select_for_update().get(pk=bank_account.pk)
    refuse_if(account.closed_on is not None, "account_closed", f"{account} is closed.", field="bank_account")
    there = DebitScheme.objects.filter(way=way, bank_account=account, retired_on=None).exists()
    refuse_if(there, "no_change", "It is collected that way already.", field="way")
    currency = account.currency or operator_currency()
    wanted = rules.WAYS[way].currency
    refuse_if(currency != wanted, "wrong_currency", f"{WAYS[way]} collects {wanted}; {account} is in {currency}.",
              field="bank_account")  # fmt: skip
    if wrong := wrong_creditor_id(family_of(way), creditor):
        raise Refused("bad_creditor", wrong, field="creditor")
    sepa = way.startswith("sepa")
    refuse_if(sepa and not account.iban, "no_iban", f"{account} has no IBAN. Enter it in Settings.",
              field="bank_account")  # fmt: skip
    numbered = sepa or (account.number and account.branch)
    refuse_if(not numbered, "no_branch", f"{account} has no account number with its branch. Enter them in Settings.",
              field="bank_account")  # fmt: skip
    good = not vendor_key or _KEY.fullmatch(vendor_key)
    refuse_if(not good, "bad_key", "The software vendor key is 32 digits and letters in five groups. Copy it anew.",
              field="vendor_key")  # fmt: skip
    refuse_if(way == "nacha" and not bank_name, "bank_name_missing", "Enter the bank’s name.", field="bank_name")
    row = DebitScheme.objects.create(
        way=way,
        bank_account=account,
        creditor_box=encrypt(creditor.strip()),
        bank_name=bank_name,
        vendor_key=vendor_key,
    )
    op.record("debit_scheme.added", row, name=str(row))
    return row


@verb(right=add_debit_scheme, label="Collect no more by a bank", whole=True)
def retire_debit_scheme(op: Operation, *, scheme: DebitScheme) -> DebitScheme:
    """No run is made of it any more; mandates stay."""
    row = DebitScheme.objects.select_for_update(of=("self",)).select_related("bank_account").get(pk=scheme.pk)
    refuse_if(row.retired_on is not None, "no_change", f"{row} is not used any more.")
    over = (DebitRun.State.DONE, DebitRun.State.CANCELLED)
    under_way = DebitRun.objects.filter(scheme=row).exclude(state__in=over).first()
    refuse_if(under_way is not None, "under_way", f"{under_way} are not done yet.")
    row.retired_on = op.today
    row.save(update_fields=["retired_on"])
    op.record("debit_scheme.retired", row, name=str(row))
    return row
