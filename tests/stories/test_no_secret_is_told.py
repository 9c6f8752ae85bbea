"""Everybody comes in by every way there is, and goes wrong in each; nothing of what let them in is told anywhere."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from gunicorn.config import Config

from counterfoil.access.operations import give_access
from counterfoil.customers.models import Contact, Customer
from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.platform import logs
from counterfoil.site.management.commands.serve import Log
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.staff.sign_in import MfaAdapter
from counterfoil.staff.tests.test_single_sign_on import Provider, come_back, provider
from counterfoil.testing.device import Device, asked_of
from counterfoil.testing.post import deliver
from counterfoil.testing.world import World

assert provider
LOUD = ("django.request", "django.security", "counterfoil", "allauth", "django_tasks", "gunicorn.error", "")
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD, NEW_PASSWORD, WRONG = "zebra in the garden 7", "giraffe on a roof 3", "wrong but still secret 1"


@pytest.fixture
def told(settings: Any) -> Iterator[io.StringIO]:
    """Everything that any logger says, however quiet it usually is, as the served product would write it."""
    out = io.StringIO()
    handlers = [logging.StreamHandler(out), _Mailed(out)]
    for handler in handlers:
        handler.setFormatter(logs.Json())
        for name in settings.LOGGING["handlers"]["console"]["filters"]:
            kind = settings.LOGGING["filters"][name]["()"]
            handler.addFilter(getattr(logs, kind.rpartition(".")[2])())
    before = {name: logging.getLogger(name).level for name in LOUD}
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.DEBUG)
    for handler in handlers:
        logging.getLogger().addHandler(handler)
    yield out
    for handler in handlers:
        logging.getLogger().removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


class _Mailed(logs.ErrorMail):
    """The mail of errors, of everything and not only of errors."""

    every_seconds = -1.0

    def __init__(self, out: io.StringIO) -> None:
        super().__init__()
        self.out = out

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        while not self._waiting.empty():
            self.out.write(str(self._waiting.get_nowait()))

    def _mail(self) -> None:
        """Nothing leaves."""


@pytest.fixture
def zara(world: World) -> Customer:
    customer = world.customer("Zara", emails=("zara@mail.example",))
    contact = Contact.objects.get(customer=customer)
    give_access(world.caller(), contact=contact, email="zara@mail.example", welcome=False)
    return customer


@pytest.fixture
def anna(world: World) -> User:
    FakeChannel.sent.clear()
    return add_user(world.caller(), email="anna@x.example", name="Anna", role="administrator", password=PASSWORD)


def link_in_mail(start: str) -> str:
    """The path of the newest link of a kind that was e-mailed."""
    links = [found for mail in deliver() for found in re.findall(rf"http://localhost:8000({start}\S+)", mail.text)]
    return str(links[-1])


def by_portal(secrets: list[str]) -> None:
    """By link, seen by a scanner first; by password; by passkey; and each of them wrong or twice."""
    client = Client()
    client.post("/portal/sign-in/link/", {"email": "zara@mail.example"})
    link = link_in_mail("/portal/link/")
    secrets.append(link.split("/")[3])
    for visit in (client.get, client.head, client.options, client.put):
        visit(link)
    client.get(f"{link}more")
    client.get("/sign-in/", {"next": link})
    client.get(f"/find?q={quote(link, safe='')}")
    assert client.post(link).status_code == 302
    assert client.post(link).status_code in (302, 410)
    assert Client().post(link).status_code == 410
    assert Client(enforce_csrf_checks=True).post(link).status_code == 403
    client.post("/portal/security/password/", {"password": PASSWORD})
    device = Device("http://localhost")
    new = device.make(client.post("/portal/security/passkeys/new/").json())
    assert (
        client.post("/portal/security/passkeys/add/", json.dumps(new), content_type="application/json").status_code
        == 200
    )
    for secret in (WRONG, PASSWORD):
        Client().post("/portal/sign-in/password/", {"p-email": "zara@mail.example", "p-password": secret})
    other = Client()
    answer = device.use(other.post("/portal/sign-in/passkey/ask/").json())
    secrets.append(answer["response"]["signature"])
    for expected in (200, 422):
        done = other.post("/portal/sign-in/passkey/answer/", json.dumps(answer), content_type="application/json")
        assert done.status_code == expected


def by_desk(secrets: list[str]) -> None:
    """By password, wrong and right; with a code of an app, a recovery code, a passkey; by a link to a new password."""
    anna = User.objects.get(email="anna@x.example")
    client = Client()
    for secret in (WRONG, PASSWORD):
        client.post("/sign-in/", {"login": "anna@x.example", "password": secret})
    client.post("/sign-in/again/", {"password": PASSWORD})
    device = Device("http://testserver")
    options = asked_of(client.get("/me/sign-in/webauthn/add/").content.decode())["creation_options"]
    made = client.post("/me/sign-in/webauthn/add/", {"credential": json.dumps(device.make(options)), "name": "Key"})
    assert made.status_code == 302
    Authenticator.objects.create(user=anna, type="totp", data={"secret": MfaAdapter().encrypt(TOTP)})
    code = format_hotp_value(hotp_value(TOTP, next(iter(yield_hotp_counters_from_time()))))
    recovery = RecoveryCodes.activate(anna) if not anna_has_codes(anna) else codes_of(anna)
    one, *_ = recovery.get_unused_codes()
    secrets += [code, one, TOTP]
    for given in (code, one):
        other = Client()
        other.post("/sign-in/", {"login": "anna@x.example", "password": PASSWORD})
        other.post("/me/sign-in/authenticate/", {"code": "000000"})
        assert other.post("/me/sign-in/authenticate/", {"code": given}).status_code == 302
        assert other.get("/customers/").status_code == 200
    key = Client()
    asked = key.get("/me/sign-in/webauthn/login/", headers={"X-Requested-With": "XMLHttpRequest"}).json()
    answer = device.use(asked["request_options"])
    secrets.append(answer["response"]["signature"])
    key.post("/me/sign-in/webauthn/login/", {"credential": json.dumps(answer)})
    assert key.get("/customers/").status_code == 200
    Client().post("/sign-in/password/", {"email": "anna@x.example"})
    link = link_in_mail("/sign-in/password/")
    secrets.append(link.strip("/").partition("-in/password/")[2])
    form = Client()
    for visit in (form.head, form.get, form.get):
        visit(link)
    form.get(f"{link}more/")
    where = form.get(link, follow=True).redirect_chain[-1][0]
    form.post(where, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    form.get(link)


def anna_has_codes(anna: User) -> bool:
    return Authenticator.objects.filter(user=anna, type="recovery_codes").exists()


def codes_of(anna: User) -> Any:
    return Authenticator.objects.get(user=anna, type="recovery_codes").wrap()


def by_looking_as(zara: Customer, anna: User, secrets: list[str]) -> None:
    """A member of staff looks at the portal, and opens the ticket as a customer who has no business with it."""
    client = Client()
    client.force_login(User.objects.get(pk=anna.pk))
    answer = client.post(f"/customers/{zara.number}/view-as/", {"key": "the-same-key"})
    ticket = answer["Location"]
    secrets.append(ticket.split("/")[3])
    client.get(ticket)
    client.head(ticket)
    visitor = Client()
    visitor.post("/portal/sign-in/password/", {"p-email": "zara@mail.example", "p-password": PASSWORD})
    assert visitor.get(ticket).status_code == 404


def through_another_house(provider: Provider, secrets: list[str]) -> None:
    """By single sign-on, and back once more with the same code."""
    client = Client()
    before = set(provider.codes)
    given: list[str] = []
    token = provider.token
    provider.token = lambda form: given.append(form["code"]) or token(form)  # type: ignore[method-assign, func-returns-value]
    come_back(provider, client)
    assert client.get("/customers/").status_code == 200
    assert before == set()
    secrets += given
    Client().get("/sso/oidc/sso/login/callback/", {"code": given[0], "state": "a-state-nobody-knows"})
    secrets.append("a-state-nobody-knows")


def dumped() -> str:
    """Every row there is, but for the sessions and second factors themselves."""
    out = io.StringIO()
    call_command("dumpdata", exclude=["sessions", "mfa", "usersessions"], stdout=out)
    return out.getvalue()


def test_nothing_that_lets_somebody_in_is_told(
    zara: Customer, anna: User, provider: Provider, told: io.StringIO, settings: Any
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["name"] = "House key"
    secrets: list[str] = []
    by_portal(secrets)
    through_another_house(provider, secrets)
    by_desk(secrets)
    by_looking_as(zara, anna, secrets)
    metrics = Client().get("/metrics").content.decode()
    assert len(secrets) >= 9
    lines = told.getvalue()
    assert "/portal/link/<str:token>/" in lines, "Routes are told."
    for secret in [*secrets, PASSWORD, NEW_PASSWORD, WRONG, *(quote(secret, safe="") for secret in secrets)]:
        for name, text in {"logs": lines, "metrics": metrics, "rows": dumped()}.items():
            # The one row that holds a code in digits by chance is a number or a time.
            found = re.search(rf"(?<![\d.]){re.escape(secret)}(?!\d)", text)
            assert not found, f"{secret} is told in the {name}: {text[max(found.start() - 80, 0) : found.end() + 20]}"


def _routes(resolver: Any, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for row in resolver.url_patterns:
        here = before + str(row.pattern)
        if isinstance(row, URLResolver):
            yield from _routes(row, here)
        else:
            yield here, row


def test_every_address_that_holds_a_secret_is_named(settings: Any) -> None:
    """A new kind of link belongs in SECRET_ADDRESSES."""
    for route, _ in _routes(get_resolver()):
        if re.search(
            r"(token|ticket|key|secret|uidb36)>", route.replace("<slug:key>", "").replace("<str:key>/rem", "")
        ):
            plain = "/" + re.sub(r"^\^|\(.*|<.*", "", route.replace("^", ""))
            assert plain in settings.SECRET_ADDRESSES, f"/{route} holds a secret: name {plain} in SECRET_ADDRESSES."


@pytest.mark.parametrize(
    ("said", "is_told"),
    [
        ("Gone: /portal/link/abc:def/", "Gone: /portal/link/…/"),
        ("GET https://x.example/PORTAL/LINK/abc:def/?a=b", "GET https://x.example/PORTAL/LINK/…/?a=b"),
        ("next=%2Fportal%2Flink%2Fabc%3Adef%2F&b=c", "next=%2Fportal%2Flink%2F…%2F&b=c"),
        ("GET /sign-in/password/3-abc-def/ HTTP/1.1", "GET /sign-in/password/…/ HTTP/1.1"),
        ("/sso/oidc/sso/login/callback/?code=abc&state=def&x=y", "/sso/oidc/sso/login/callback/?code=…&state=…&x=y"),
        ("/customers/HV-000001/?tab=2 and 12:30", "/customers/HV-000001/?tab=2 and 12:30"),
    ],
)
def test_what_is_taken_out_of_a_line_and_what_is_not(said: str, is_told: str) -> None:
    assert logs.without_secrets(said) == is_told


def test_the_web_servers_own_logs_tell_no_secret(tmp_path: Any) -> None:
    config = Config()
    for name in ("accesslog", "errorlog"):
        config.set(name, str(tmp_path / name))
    log = Log(config)
    try:
        raise ValueError("broken at /portal/link/abc:def/")
    except ValueError:
        log.exception("Error handling request %s", "/portal/link/abc:def/")
    log.access_log.info('"%(r)s" %(s)s', {"r": "GET /portal/as/abc:def/ HTTP/1.1", "s": 200})
    for handler in (*log.error_log.handlers, *log.access_log.handlers):
        handler.close()
    written = (tmp_path / "accesslog").read_text() + (tmp_path / "errorlog").read_text()
    assert "abc:def" not in written
    assert "/portal/link/…/" in written
    assert '"GET /portal/as/…/ HTTP/1.1" 200' in written


def test_a_line_that_cannot_be_put_together_is_told_all_the_same() -> None:
    record = logging.makeLogRecord({"msg": "%s and %s", "args": ("/portal/link/abc/",)})
    assert logs.NoSecrets().filter(record)
    assert record.getMessage() == "%s and %s ('/portal/link/…/',)"
