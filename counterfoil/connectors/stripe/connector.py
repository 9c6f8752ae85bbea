"""Stripe over plain HTTPS: hosted pages, saved cards, refunds, and its signed events.

https://docs.stripe.com/api; forms go out, JSON comes back. The version is pinned, so that an answer is what it was when
this was written. Each write carries an idempotency key: asked twice, Stripe does it once and answers the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

import requests

from counterfoil.cards.interfaces import (
    AskedCard,
    AskedCharge,
    AskedPayment,
    Forged,
    KeptCard,
    Keys,
    Kind,
    Page,
    Told,
    Trouble,
)
from counterfoil.kernel.words import heard

VERSION = "2026-09-30.endive"
# Seconds in which an event arrives after it was signed (https://docs.stripe.com/webhooks#verify-manually).
TOLERANCE = 300
# Stripe counts these in hundredths although nobody pays with less than one (https://docs.stripe.com/currencies).
_HUNDREDTHS = frozenset({"ISK", "UGX"})
_SEEN = {
    "payment_intent.succeeded": "paid", "payment_intent.payment_failed": "failed",
    "checkout.session.async_payment_succeeded": "paid", "checkout.session.async_payment_failed": "failed",
    "checkout.session.expired": "expired", "charge.failed": "failed", "charge.refunded": "refunded",
    "charge.dispute.created": "disputed", "payout.paid": "paid_out",
}  # fmt: skip


class StripeGateway:
    """An account with Stripe. Nothing is kept between calls."""

    base: ClassVar[str] = "https://api.stripe.com"
    pages: tuple[str, ...] = ("https://checkout.stripe.com",)
    # Seconds to connect, and to wait for an answer: a customer is looking.
    timeout: ClassVar[tuple[float, float]] = (4, 12)

    def check(self, keys: Keys) -> str:
        found = self._ask(keys, "GET", "account")
        profile, board = found.get("business_profile") or {}, (found.get("settings") or {}).get("dashboard") or {}
        name = board.get("display_name") or profile.get("name") or found.get("id") or "an account without a name"
        return heard(str(name), most=150)

    def start_payment(self, keys: Keys, asked: AskedPayment) -> Page:
        told = {"reference": asked.reference}
        return self._page(keys, asked.reference, {
            "mode": "payment", "client_reference_id": asked.reference, "success_url": asked.back,
            "cancel_url": asked.cancel, "metadata": told,
            "payment_intent_data": {"metadata": told, "description": asked.what},
            "line_items": [{"quantity": 1, "price_data": {
                "currency": asked.currency.lower(), "unit_amount": _theirs(asked.amount_minor, asked.currency),
                "product_data": {"name": asked.what}}}],
            **({"customer_email": asked.email} if asked.email else {}),
        })  # fmt: skip

    def start_setup(self, keys: Keys, asked: AskedCard) -> Page:
        payer = self._ask(keys, "POST", "customers", {
            "name": asked.name, "metadata": {"reference": asked.reference},
            **({"email": asked.email} if asked.email else {}),
        }, key=f"{asked.reference}-payer")  # fmt: skip
        told = {"reference": asked.reference}
        return self._page(keys, asked.reference, {
            "mode": "setup", "customer": _text(payer.get("id")), "client_reference_id": asked.reference,
            "success_url": asked.back, "cancel_url": asked.cancel, "currency": asked.currency.lower(),
            "payment_method_types": ["card"], "metadata": told, "setup_intent_data": {"metadata": told},
        })  # fmt: skip

    def _page(self, keys: Keys, reference: str, form: dict[str, Any]) -> Page:
        made = self._ask(keys, "POST", "checkout/sessions", form, key=reference)
        if not made.get("url") or not made.get("id"):
            raise Trouble("Stripe made no page.")
        return Page(_text(made["id"]), _text(made["url"]))

    def charge(self, keys: Keys, asked: AskedCharge) -> bytes:
        form = {
            "amount": _theirs(asked.amount_minor, asked.currency), "currency": asked.currency.lower(),
            "customer": asked.payer, "payment_method": asked.token, "off_session": "true", "confirm": "true",
            "payment_method_types": ["card"], "description": asked.what,
            "metadata": {"reference": asked.reference},
        }  # fmt: skip
        found = self._ask(keys, "POST", "payment_intents", form, key=asked.key)
        if found.get("object") == "error":
            made = dict(found.get("payment_intent") or {})
            # Stripe says null where it has nothing to say.
            made["last_payment_error"] = made.get("last_payment_error") or {
                key: found.get(key) for key in ("code", "decline_code")
            }
            made["metadata"] = made.get("metadata") or form["metadata"]
            return _answer(f"{asked.key}:failed", "payment_intent.payment_failed", made)
        name = {"succeeded": "payment_intent.succeeded"}.get(_text(found.get("status")), "payment_intent.processing")
        if found.get("status") in ("requires_action", "requires_payment_method"):
            name = "payment_intent.payment_failed"
            found["last_payment_error"] = found.get("last_payment_error") or {"code": "authentication_required"}
        return _answer(f"{asked.key}:{found.get('status')}", name, found)

    def look_up(self, keys: Keys, session: str) -> bytes:
        found = self._ask(keys, "GET", f"checkout/sessions/{quote(session, safe='')}")
        name = {"complete": "completed", "expired": "expired"}.get(_text(found.get("status")), "open")
        return _answer(f"{session}:{name}:{found.get('payment_status')}", f"checkout.session.{name}", found)

    def kept_card(self, keys: Keys, setup: str) -> KeptCard:
        found = self._ask(keys, "GET", f"setup_intents/{quote(setup, safe='')}", {"expand": ["payment_method"]})
        method = found.get("payment_method") or {}
        card = method.get("card") if isinstance(method, dict) else None
        if found.get("status") != "succeeded" or not card:
            raise Trouble("Stripe has no card of that page.", again=False)
        return KeptCard(
            payer=_text(found.get("customer")), token=_text(method.get("id")), brand=_text(card.get("brand")),
            last4=_text(card.get("last4")), exp_month=int(card["exp_month"]), exp_year=int(card["exp_year"]),
            reference=_text((found.get("metadata") or {}).get("reference")),
        )  # fmt: skip

    def forget_card(self, keys: Keys, token: str) -> None:
        try:
            self._ask(keys, "POST", f"payment_methods/{quote(token, safe='')}/detach", {}, key=f"{token}-detach")
        except Trouble as trouble:
            # It is forgotten there already, or was never kept: all the same to us.
            if trouble.again:
                raise

    def refund(self, keys: Keys, intent: str, amount_minor: int, currency: str, key: str) -> None:
        self._ask(keys, "POST", "refunds", {"payment_intent": intent, "amount": _theirs(amount_minor, currency)},
                  key=key)  # fmt: skip

    def verify(self, keys: Keys, body: bytes, headers: Mapping[str, str], now: dt.datetime) -> None:
        said = [part.partition("=") for part in headers.get("Stripe-Signature", "").split(",")]
        stamp = next((value for name, _, value in said if name.strip() == "t" and value.isdecimal()), "")
        signed = [value.strip() for name, _, value in said if name.strip() == "v1"]
        if not stamp or not signed:
            raise Forged("unsigned", "It carries no signature of Stripe.")
        wanted = hmac.new(keys.signing.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        if not any(hmac.compare_digest(wanted.encode(), value.encode()) for value in signed):
            raise Forged("forged", "Its signature is not that of our signing secret.")
        if abs(now.timestamp() - int(stamp[:12])) > TOLERANCE:
            raise Forged("old", "It was signed more than five minutes ago: it is an old one that is sent again.")

    def read(self, body: bytes) -> Told:
        try:
            event = json.loads(body)
            row, name = event["data"]["object"], _text(event["type"])
            at = dt.datetime.fromtimestamp(int(event["created"]), dt.UTC)
            return _told(_text(event["id"]), name, at, bool(event.get("livemode")), dict(row))
        except (KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
            raise ValueError("That is no event of Stripe.") from error

    def _ask(
        self, keys: Keys, method: str, path: str, form: Mapping[str, Any] | None = None, *, key: str = ""
    ) -> dict[str, Any]:
        """What Stripe answers; of a declined card the error. Everything else that is not done is `Trouble`."""
        sent = _flat(form or {})
        try:
            answer = requests.request(
                method, f"{self.base}/v1/{path}", auth=(keys.secret, ""), timeout=self.timeout, allow_redirects=False,
                params=sent if method == "GET" else None, data=sent if method != "GET" else None,
                headers={"Stripe-Version": VERSION, **({"Idempotency-Key": key} if key else {})},
            )  # fmt: skip
            found = answer.json()
        except requests.ConnectTimeout as error:
            raise Trouble("Stripe cannot be reached now.") from error
        except requests.Timeout as error:
            raise Trouble("Stripe did not answer in time.", unsure=True) from error
        except ValueError as error:
            raise Trouble(f"Stripe answered something else than it should ({answer.status_code}).",
                          unsure=True) from error  # fmt: skip
        except requests.RequestException as error:
            raise Trouble("Stripe cannot be reached now.", unsure=True) from error
        if not isinstance(found, dict):
            raise Trouble("Stripe answered something else than it should.", unsure=True)
        if answer.status_code == 200:
            return found
        said = found.get("error")
        wrong: dict[str, Any] = said if isinstance(said, dict) else {}
        if answer.status_code == 402 and wrong:
            return {**wrong, "object": "error"}
        raise _trouble(answer.status_code, wrong)


def _trouble(status: int, wrong: Mapping[str, Any]) -> Trouble:
    said = heard(_text(wrong.get("message")), most=150)
    if status in (401, 403):
        return Trouble("Stripe does not accept the secret key.", again=False)
    if status in (409, 429):
        return Trouble("Stripe has too much to do and asks us to wait.", unsure=status == 409)
    if status >= 500:
        return Trouble(f"Stripe has a fault of its own ({status}).", unsure=True)
    return Trouble(f"Stripe refused it: {said or status}.".replace("..", "."), again=False)


def _told(id: str, name: str, at: dt.datetime, live: bool, row: dict[str, Any]) -> Told:
    said = row.get("metadata")
    extra: dict[str, Any] = said if isinstance(said, dict) else {}
    currency = _text(row.get("currency")).upper()
    kind: Kind = _SEEN.get(name, "other")  # type: ignore[assignment]
    common: dict[str, Any] = {
        "id": id, "name": name, "at": at, "live": live, "currency": currency,
        "reference": _text(extra.get("reference")), "invoice": _text(extra.get("invoice")),
    }  # fmt: skip
    match name.split("."):
        case ["checkout", "session", *_]:
            setup = row.get("mode") == "setup"
            if name.endswith(".completed"):
                kind = "saved" if setup else "paid" if row.get("payment_status") == "paid" else "other"
            common |= {
                "session": _text(row.get("id")), "intent": _text(row.get("payment_intent")),
                "amount_minor": _ours(row.get("amount_total"), currency),
                "setup": _text(row.get("setup_intent")) if setup else "",
                "reference": common["reference"] or _text(row.get("client_reference_id")),
            }  # fmt: skip
            if kind == "failed":
                common["code"] = "payment_failed"
        case ["payment_intent", *_]:
            wrong = row.get("last_payment_error") or {}
            common |= {
                "intent": _text(row.get("id")), "charge": _text(row.get("latest_charge")),
                "amount_minor": _ours(row.get("amount_received") or row.get("amount"), currency),
                "code": _text(wrong.get("decline_code") or wrong.get("code")) if kind == "failed" else "",
            }  # fmt: skip
        case ["charge", "dispute", *_]:
            if name.endswith(".closed"):
                kind = "dispute_lost" if row.get("status") == "lost" else "dispute_won"
            common |= {
                "intent": _text(row.get("payment_intent")), "charge": _text(row.get("charge")),
                "dispute": _text(row.get("id")), "amount_minor": _ours(row.get("amount"), currency),
                "code": _text(row.get("reason")),
            }  # fmt: skip
        case ["charge", what]:
            card = (row.get("payment_method_details") or {}).get("card") or {}
            # What was only reserved is no money yet.
            if what in ("succeeded", "captured") and row.get("paid") and row.get("captured", True):
                kind = "paid"
            common |= {
                "intent": _text(row.get("payment_intent")), "charge": _text(row.get("id")),
                "amount_minor": _ours(row.get("amount_captured") or row.get("amount"), currency),
                "refunded_minor": _ours(row.get("amount_refunded"), currency), "brand": _text(card.get("brand")),
                "last4": _text(card.get("last4"))[:4], "code": _text(row.get("failure_code")),
            }  # fmt: skip
        case ["payout", *_]:
            common["amount_minor"] = _ours(row.get("amount"), currency)
    return Told(kind=kind, **common)


def _answer(id: str, name: str, row: Mapping[str, Any]) -> bytes:
    """An answer in the form of an event, so that both are read by one reader."""
    now = int(dt.datetime.now(dt.UTC).timestamp())
    told = {"id": f"answer:{id}", "object": "event", "type": name, "created": now,
            "livemode": bool(row.get("livemode")), "data": {"object": row}}  # fmt: skip
    return json.dumps(told, separators=(",", ":")).encode()


def _text(value: Any) -> str:
    """A name as it came; of a row that was sent whole, its id."""
    if isinstance(value, dict):
        value = value.get("id")
    return str(value)[:120] if value is not None else ""


def _theirs(minor: int, currency: str) -> int:
    return minor * 100 if currency in _HUNDREDTHS else minor


def _ours(amount: Any, currency: str) -> int:
    minor = int(amount or 0)
    return minor // 100 if currency in _HUNDREDTHS else minor


def _flat(form: Mapping[str, Any], under: str = "") -> list[tuple[str, str]]:
    """`a[b][0][c]=d`, as Stripe reads forms."""
    found: list[tuple[str, str]] = []
    for key, value in form.items():
        name = f"{under}[{key}]" if under else key
        if isinstance(value, Mapping):
            found += _flat(value, name)
        elif isinstance(value, list):
            found += _flat({str(place): item for place, item in enumerate(value)}, name)
        else:
            found.append((name, str(value)))
    return found
