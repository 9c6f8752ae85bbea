"""A card gateway on this machine that answers as Stripe's documentation says, with faults to order.

https://docs.stripe.com/api: what is asked is kept in `asked`, what happened in `events`, as bodies to deliver when a
test likes: late, twice, in another order, or never.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

from counterfoil.cards.interfaces import Keys
from counterfoil.connectors.stripe.connector import StripeGateway

SIGNING = "whsec_test_1_invented"


class QuietStripe(StripeGateway):
    """Answers that all is well and does nothing, where a test is about something else."""

    def _ask(
        self, keys: Keys, method: str, path: str, form: Mapping[str, Any] | None = None, *, key: str = ""
    ) -> dict[str, Any]:
        return {"id": "x_1", "url": "https://checkout.stripe.com/x_1"}


class FakeStripe:
    """Use it as a context: it listens on a port of its own until the end."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.events: list[bytes] = []
        # What goes wrong with the next calls, in order: "500", "hang", "garbage", "429"; "" is nothing.
        self.faults: deque[str] = deque()
        # The codes with which the next charges are declined.
        self.declines: deque[str] = deque()
        self.sessions: dict[str, dict[str, Any]] = {}
        self.intents: dict[str, dict[str, Any]] = {}
        self.setups: dict[str, dict[str, Any]] = {}
        self.known: dict[str, tuple[int, dict[str, Any]]] = {}
        self.detached: list[str] = []
        self.secret = "sk_test_51Zebra"
        self.card = {"brand": "visa", "last4": "4242", "exp_month": 8, "exp_year": 2030}
        # Called with each event as it happens, where a test wants them told at once.
        self.tell: Any = None
        self.hang = 1.0
        self._ids = itertools.count(1)

    def __enter__(self) -> Self:
        fake: FakeStripe = self

        class Handler(_Handler):
            gateway = fake

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def id(self, kind: str) -> str:
        return f"{kind}_fake_{next(self._ids)}"

    # -------------------------------------------------------------- what people and banks do

    def happen(self, name: str, row: dict[str, Any]) -> bytes:
        """An event, which is kept to be delivered."""
        told = {"id": self.id("evt"), "object": "event", "api_version": "2026-09-30.endive", "type": name,
                "created": int(time.time()), "livemode": False, "data": {"object": row}}  # fmt: skip
        body = json.dumps(told).encode()
        self.events.append(body)
        if self.tell is not None:
            self.tell(body)
        return body

    def pay(self, session: str) -> None:
        """Somebody pays on the page."""
        row = self.sessions[session]
        if row["mode"] == "setup":
            row |= {"status": "complete", "payment_status": "no_payment_required"}
            setup = self.id("seti")
            row["setup_intent"] = setup
            self.setups[setup] = {
                "id": setup, "object": "setup_intent", "status": "succeeded", "customer": row["customer"],
                "metadata": row["metadata"],
                "payment_method": {"id": self.id("pm"), "object": "payment_method", "card": self.card},
            }  # fmt: skip
            self.happen("checkout.session.completed", row)
            return
        intent = self._intent(row["amount_total"], row["currency"], row["metadata"])
        row |= {"status": "complete", "payment_status": "paid", "payment_intent": intent["id"]}
        self.happen("checkout.session.completed", row)
        self._succeed(intent)

    def decline(self, session: str, code: str = "insufficient_funds") -> None:
        """Somebody tries a card on the page, which the bank declines; the page stays open."""
        row = self.sessions[session]
        intent = self._intent(row["amount_total"], row["currency"], row["metadata"])
        intent |= {"status": "requires_payment_method",
                   "last_payment_error": {"code": "card_declined", "decline_code": code}}  # fmt: skip
        self.happen("payment_intent.payment_failed", intent)

    def expire(self, session: str) -> None:
        """Nobody paid within a day."""
        self.sessions[session] |= {"status": "expired"}
        self.happen("checkout.session.expired", self.sessions[session])

    def dispute(self, intent: str, status: str, amount: int | None = None) -> None:
        """The bank takes the money back (`needs_response`), and says who is right (`lost`, `won`)."""
        row = self.intents[intent]
        name = "created" if status == "needs_response" else "closed"
        self.happen(f"charge.dispute.{name}", {
            "id": f"dp_{intent}", "object": "dispute", "amount": amount or row["amount"], "currency": row["currency"],
            "charge": row["latest_charge"], "payment_intent": intent, "reason": "fraudulent", "status": status,
        })  # fmt: skip

    def _intent(self, amount: int, currency: str, metadata: dict[str, str]) -> dict[str, Any]:
        made = {"id": self.id("pi"), "object": "payment_intent", "amount": amount, "currency": currency,
                "metadata": metadata, "status": "requires_confirmation", "latest_charge": None, "livemode": False,
                "back": 0}  # fmt: skip
        self.intents[str(made["id"])] = made
        return made

    def _succeed(self, intent: dict[str, Any]) -> None:
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": self.id("ch")}
        self.happen("payment_intent.succeeded", intent)
        self.happen("charge.succeeded", self._charge(intent))

    def _charge(self, intent: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": intent["latest_charge"], "object": "charge", "amount": intent["amount"], "paid": True,
            "captured": True, "amount_captured": intent["amount"], "amount_refunded": intent["back"],
            "currency": intent["currency"], "payment_intent": intent["id"], "metadata": intent["metadata"],
            "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242"}},
        }  # fmt: skip

    # -------------------------------------------------------------- what is asked

    def answer(self, method: str, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """As the documentation of each call says."""
        match method, path.split("/"):
            case "GET", ["account"]:
                return 200, {"id": "acct_1", "object": "account",
                             "settings": {"dashboard": {"display_name": "Zebra Net"}}}  # fmt: skip
            case "POST", ["customers"]:
                return 200, {"id": self.id("cus"), "object": "customer", "name": form.get("name")}
            case "POST", ["checkout", "sessions"]:
                return 200, self._session(form)
            case "GET", ["checkout", "sessions", key] if key in self.sessions:
                return 200, self.sessions[key]
            case "GET", ["setup_intents", key] if key in self.setups:
                return 200, self.setups[key]
            case "POST", ["payment_intents"]:
                return self._charged(form)
            case "POST", ["refunds"]:
                return self._refunded(form)
            case "POST", ["payment_methods", key, "detach"]:
                self.detached.append(key)
                return 200, {"id": key, "object": "payment_method"}
        return 404, {"error": {"type": "invalid_request_error", "message": f"No such thing: {path}"}}

    def _session(self, form: dict[str, str]) -> dict[str, Any]:
        key = self.id("cs_test")
        price = "line_items[0][price_data]"
        row: dict[str, Any] = {
            "id": key, "object": "checkout.session", "mode": form["mode"], "status": "open", "livemode": False,
            "payment_status": "unpaid", "client_reference_id": form["client_reference_id"],
            "url": f"{self.base}/page/{key}", "success_url": form["success_url"], "cancel_url": form["cancel_url"],
            "metadata": {"reference": form["metadata[reference]"]}, "payment_intent": None, "customer": None,
            "currency": form.get("currency") or form[f"{price}[currency]"],
            "amount_total": int(form[f"{price}[unit_amount]"]) if form["mode"] == "payment" else None,
        }  # fmt: skip
        if form["mode"] == "setup":
            row["customer"] = form["customer"]
        self.sessions[key] = row
        return row

    def _charged(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        intent = self._intent(
            int(form["amount"]), form["currency"], {"reference": form["metadata[reference]"]}
        )  # fmt: skip
        if self.declines:
            code = self.declines.popleft()
            top = code if code == "authentication_required" else "card_declined"
            wrong = {"type": "card_error", "code": top, "decline_code": code, "message": "Your card was declined."}
            intent |= {"status": "requires_payment_method", "last_payment_error": wrong}
            self.happen("payment_intent.payment_failed", intent)
            return 402, {"error": {**wrong, "payment_intent": intent}}
        self._succeed(intent)
        return 200, intent

    def _refunded(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        intent = self.intents[form["payment_intent"]]
        intent["back"] += int(form["amount"])
        if intent["back"] > intent["amount"]:
            return 400, {"error": {"type": "invalid_request_error", "message": "Refund is more than the charge"}}
        self.happen("charge.refunded", self._charge(intent))
        return 200, {"id": self.id("re"), "object": "refund", "amount": int(form["amount"]), "status": "succeeded"}


class _Handler(BaseHTTPRequestHandler):
    gateway: FakeStripe

    def do_GET(self) -> None:
        if self.path.startswith("/page/"):
            self._page(self.gateway.sessions[self.path.rpartition("/")[2]])
        else:
            self._api("GET", {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        if not self.path.startswith("/page/"):
            self._api("POST", form)
            return
        row = self.gateway.sessions[self.path.rpartition("/")[2]]
        if form["do"] == "pay":
            self.gateway.pay(row["id"])
        self._send(303, b"", {"Location": row["success_url" if form["do"] == "pay" else "cancel_url"]})

    def _page(self, row: dict[str, Any]) -> None:
        buttons = "".join(f"<button name=do value={do}>{do.capitalize()}</button>" for do in ("pay", "cancel"))
        style = "<style>body{font:16px sans-serif;padding:2rem}button{font:inherit;padding:1rem;margin:.5rem}</style>"
        page = f"<!doctype html><title>Gateway</title>{style}<h1>Pay {row['amount_total']}</h1>"
        self._send(200, f"{page}<form method=post>{buttons}</form>".encode(), {"Content-Type": "text/html"})

    def _api(self, method: str, form: dict[str, str]) -> None:
        fake, path = self.gateway, self.path.partition("/v1/")[2].partition("?")[0]
        fault = fake.faults.popleft() if fake.faults else ""
        if fault == "hang":
            time.sleep(fake.hang)
        if fault == "garbage":
            self._send(200, b"<html>Not now</html>", {"Content-Type": "text/html"})
        else:
            self._json(*self._answered(method, path, form, fault))

    def _answered(self, method: str, path: str, form: dict[str, str], fault: str) -> tuple[int, dict[str, Any]]:
        fake = self.gateway
        if fault in ("500", "429"):
            return int(fault), {"error": {"type": "api_error", "message": "Not now"}}
        wanted = "Basic " + _basic(fake.secret)
        if self.headers.get("Authorization") != wanted or not self.headers.get("Stripe-Version"):
            return 401, {"error": {"message": "Invalid API Key provided"}}
        key = self.headers.get("Idempotency-Key") or ""
        if method == "POST" and not key:
            return 400, {"error": {"message": "This fake asks for a key with each write"}}
        fake.asked.append((method, path, form))
        if key in fake.known:
            return fake.known[key]
        status, row = fake.answer(method, path, form)
        if key:
            fake.known[key] = (status, row)
        # Lost: it was done, and nobody hears of it.
        return (502, {}) if fault == "lost" else (status, row)

    def _json(self, status: int, row: dict[str, Any]) -> None:
        self._send(status, json.dumps(row).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _basic(secret: str) -> str:
    return base64.b64encode(f"{secret}:".encode()).decode()


def signature(body: bytes, at: float, secret: str = SIGNING) -> str:
    """The header with which Stripe signs an event."""
    made = hmac.new(secret.encode(), f"{int(at)}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={int(at)},v1={made},v0=deadbeef"
