"""Which gateway takes card payments, and what holds for saved cards."""

from __future__ import annotations

import re
from typing import Annotated, Any

from counterfoil.cards import queries, rules
from counterfoil.cards.interfaces import Trouble
from counterfoil.cards.models import GATEWAYS, CardGateway, CardPayment, CardPolicy
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.secrets import encrypt
from counterfoil.platform.signatures import OneOf, Says, Secret

_PUBLIC, _SECRET = re.compile(r"pk_(test|live)_\w+"), re.compile(r"[sr]k_(test|live)_\w+")
_SIGNING = re.compile(r"whsec_[\w+/=-]+")


_PublicKey = Annotated[str, Says("Publishable key", "Starts with pk_.", most=200)]
_SecretKey = Annotated[
    str, Says("Secret key", "Starts with sk_ or rk_. Stored encrypted and shown to nobody.", most=300), Secret
]
_SigningSecret = Annotated[
    str, Says("Signing secret", "Of the webhook endpoint; starts with whsec_.", most=300), Secret
]


@verb(label="Set up card payments", whole=True)
def add_card_gateway(
    op: Operation, *, kind: Annotated[str, OneOf(tuple(dict(GATEWAYS))), Says("Gateway")], public_key: _PublicKey,
    secret_key: _SecretKey, signing_secret: _SigningSecret,
) -> CardGateway:  # fmt: skip
    """Customers can pay by card through this account. One that was used before is not used any more; its events are
    still heard. Whether it is in test or live, its keys say. Other keys of the same account are no other account:
    `change_card_keys`.
    """
    refuse_if(kind not in dict(GATEWAYS), "unknown_choice", "Choose a gateway.", field="kind")
    keys = _checked(public_key, secret_key, signing_secret)
    for row in CardGateway.objects.select_for_update().filter(retired_on=None):
        _retire(op, row)
    made = CardGateway.objects.create(kind=kind, added_on=op.today, **keys)
    op.record("card_gateway.added", made, name=str(made))
    return made


@verb(right=add_card_gateway, label="Change the keys of the card gateway", whole=True)
def change_card_keys(
    op: Operation, *, gateway: CardGateway, public_key: _PublicKey, secret_key: _SecretKey,
    signing_secret: _SigningSecret,
) -> CardGateway:  # fmt: skip
    """The same account is reached with these keys from now on: saved cards and payments under way stay as they are."""
    row = CardGateway.objects.select_for_update().get(pk=gateway.pk)
    refuse_if(row.retired_on is not None, "no_change", f"{row} is not used any more.")
    keys = _checked(public_key, secret_key, signing_secret)
    other = "test" if row.live else "live"
    refuse_if(keys["live"] != row.live, "mixed_keys", f"These keys are of the {other} account. Set it up instead.",
              field="secret_key")  # fmt: skip
    for name, value in keys.items():
        setattr(row, name, value)
    row.checked_at, row.checked = None, ""
    row.save()
    op.record("card_gateway.keys_changed", row, name=str(row))
    return row


def _checked(public_key: str, secret_key: str, signing_secret: str) -> dict[str, Any]:
    """The keys as they are stored; refused where they cannot be right or are of two accounts."""
    public, secret, signing = public_key.strip(), secret_key.strip(), signing_secret.strip()
    said = {"public_key": _PUBLIC.fullmatch(public), "secret_key": _SECRET.fullmatch(secret)}
    for name, label, start in (("public_key", "publishable key", "pk_test_ or pk_live_"),
                               ("secret_key", "secret key", "sk_test_, sk_live_ or rk_live_")):  # fmt: skip
        refuse_if(said[name] is None, "bad_key", f"That is no {label}: it starts with {start}. Copy it again.",
                  field=name)  # fmt: skip
    good = _SIGNING.fullmatch(signing)
    refuse_if(not good, "bad_key", "That is no signing secret: it starts with whsec_. Copy it again.",
              field="signing_secret")  # fmt: skip
    modes = {match[1] for match in said.values() if match}
    refuse_if(len(modes) > 1, "mixed_keys", "One key is of the test account and one of the live one.",
              field="secret_key")  # fmt: skip
    return {"public_key": public, "secret_box": encrypt(secret), "signing_box": encrypt(signing),
            "live": modes == {"live"}}  # fmt: skip


@verb(right=add_card_gateway, label="Take no more card payments", whole=True)
def retire_card_gateway(op: Operation, *, gateway: CardGateway) -> CardGateway:
    """Nobody is offered to pay by card, and no saved card is charged. What was begun is still recorded."""
    row = CardGateway.objects.select_for_update().get(pk=gateway.pk)
    refuse_if(row.retired_on is not None, "no_change", f"{row} is not used any more.")
    _retire(op, row)
    return row


def _retire(op: Operation, row: CardGateway) -> None:
    charging = CardPayment.objects.filter(gateway=row, state=CardPayment.State.CHARGING).exists()
    refuse_if(charging, "under_way", "Cards are being charged right now. Try again in a minute.")
    row.retired_on = op.today
    row.save(update_fields=["retired_on"])
    for payment in CardPayment.objects.select_for_update().filter(gateway=row, state=CardPayment.State.DUE):
        payment.state, payment.said = CardPayment.State.FAILED, "card payments are not taken any more"
        payment.save(update_fields=["state", "said"])
        op.keep(payment, customer_id=payment.customer_id)
    op.record("card_gateway.retired", row, name=str(row))


def _asked(caller: Caller, *, gateway: CardGateway) -> str:
    """Whom the keys belong to; refused in plain words. Asked before anything is written."""
    row = CardGateway.objects.get(pk=gateway.pk)
    try:
        return queries.speaker_of(row.kind).check(queries.keys_of(row))
    except Trouble as trouble:
        raise Refused("gateway_trouble", trouble.sentence) from trouble


@verb(right=add_card_gateway, label="Check connection", before=_asked, whole=True)
def check_card_gateway(op: Operation, *, gateway: CardGateway) -> CardGateway:
    """The gateway answered, and said whose account it is."""
    row = CardGateway.objects.select_for_update().get(pk=gateway.pk)
    row.checked_at, row.checked = op.now, str(op.ready)[:200]
    row.save(update_fields=["checked_at", "checked"])
    op.record("card_gateway.checked", row)
    return row


@verb(label="Change what holds for card payments", whole=True)
def set_card_policy(
    op: Operation,
    *,
    automatic: Annotated[bool, Says("Charge saved cards automatically",
                                    "On the due day, of customers who pay by card.")],
    most_tries: Annotated[int, Says("Tries at most", "Then it is left to people, and the customer is told.", least=1)],
    wait_days: Annotated[int, Says("Days between tries", least=1)],
) -> CardPolicy:  # fmt: skip
    """From now on saved cards are charged like this. What is being tried goes on by it."""
    refuse_if(not 1 <= most_tries <= 8, "absurd_number", "Give a number from 1 to 8.", field="most_tries")
    refuse_if(not 1 <= wait_days <= 14, "absurd_number", "Give a number from 1 to 14.", field="wait_days")
    meant = rules.Policy(automatic, most_tries, wait_days)
    refuse_if(meant == queries.policy(), "no_change", "It is already set that way.")
    row = CardPolicy.objects.create(
        automatic=automatic, most_tries=most_tries, wait_days=wait_days, at=op.now, author=op.caller.name[:120]
    )
    op.record("card_policy.changed", row, what=", ".join(f"{label}: {line}" for label, line in policy_words(meant)))
    return row


def policy_words(now: rules.Policy) -> list[tuple[str, str]]:
    """What holds, in words, each with its label."""
    if not now.automatic:
        return [("Saved cards", "Not charged automatically")]
    tries = "Once" if now.most_tries == 1 else f"At most {now.most_tries} times, {now.wait_days} days apart"
    return [("Saved cards", "Charged on the due day, of customers who pay by card"), ("Declined for now", tries),
            ("Declined for good", "Not tried again, and the customer is told")]  # fmt: skip
