"""The ways in: by link and by password, and everything that must not let anybody in."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from counterfoil.access import rules
from counterfoil.access.models import Access, Login, SignInLink, Tries
from counterfoil.access.operations import count_try, give_access, prune_access, take_access
from counterfoil.customers.models import Contact, Customer
from counterfoil.customers.operations import change_contact
from counterfoil.messaging.interfaces import FakeChannel, Rejected, TryLater
from counterfoil.messaging.models import Message, PrivateMail
from counterfoil.platform.callers import Caller
from counterfoil.portal.tests.conftest import PASSWORD, Mailbox, signed_in, text_of, with_access
from counterfoil.testing.post import deliver
from counterfoil.testing.world import World, counts

ASK = "/portal/sign-in/link/"
PASS = "/portal/sign-in/password/"


def try_password(client: Client, email: str, password: str, **extra: str) -> object:
    return client.post(PASS, {"p-email": email, "p-password": password}, **extra)


def who(client: Client) -> str:
    """Whose account this browser sees; empty when it is asked to sign in."""
    answer = client.get("/portal/")
    return text_of(answer) if answer.status_code == 200 else ""


# ------------------------------------------------------------------ by link


def test_a_link_signs_in_once(zara: Customer, mailbox: Mailbox, world: World) -> None:
    client = Client()
    assert "a link is on its way" in text_of(client.post(ASK, {"email": " Zara@Mail.example "}))
    (link,) = mailbox()
    assert FakeChannel.sent[0].to == "zara@mail.example"
    # A mail scanner opens links; that uses nothing up.
    assert "Press the button" in text_of(Client().get(link))
    answer = client.post(link)
    assert answer.status_code == 302
    assert "Zara Naidoo" in who(client)
    assert world.events[-1] == "login.signed_in"
    assert Login.objects.get().seen_at is not None


def test_a_link_is_not_kept_where_staff_could_read_it(zara: Customer, mailbox: Mailbox) -> None:
    Client().post(ASK, {"email": "zara@mail.example"})
    (link,) = mailbox()
    assert not Message.objects.exists()
    secret = link.split("/")[3].partition(":")[0]
    assert SignInLink.objects.get().digest == rules.secret_digest(secret) != secret


def test_a_link_that_was_refused_once_arrives_and_the_trail_says_what_happened(
    zara: Customer, mailbox: Mailbox, world: World
) -> None:
    FakeChannel.answers["zara@mail.example"] = [TryLater("451 4.7.1 Greylisted")]
    Client().post(ASK, {"email": "zara@mail.example"})
    assert mailbox() == []
    assert world.events[-1] == "login.link_sent"
    deliver(Caller.system("task", at=timezone.now() + dt.timedelta(seconds=20)))
    (link,) = mailbox()
    assert world.events[-2:] == ["login.link_sent", "mail.delivered"]
    assert Client().post(link).status_code == 302
    FakeChannel.answers["zara@mail.example"] = [Rejected("550 No such mailbox")]
    Client().post(ASK, {"email": "zara@mail.example"})
    mailbox()
    assert world.events[-2:] == ["login.link_sent", "mail.undelivered"]
    assert not PrivateMail.objects.exclude(sealed="").exists()


@pytest.mark.parametrize("spoil", ["replayed", "tampered", "expired", "invented", "taken away"])
def test_a_dead_link_says_so_and_changes_nothing(zara: Customer, mailbox: Mailbox, world: World, spoil: str) -> None:
    Client().post(ASK, {"email": "zara@mail.example"})
    (link,) = mailbox()
    match spoil:
        case "replayed":
            Client().post(link)
        case "tampered":
            link = link[:-4] + ("A" if link[-4] != "A" else "B") + link[-3:]
        case "expired":
            from counterfoil.platform import write_guard

            with write_guard.writing():
                SignInLink.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
        case "invented":
            link = "/portal/link/0123456789abcdef/"
        case "taken away":
            take_access(world.caller(), access=Access.objects.get())
    before, seen = counts(), Login.objects.get().seen_at
    client = Client()
    answer = client.post(link)
    assert answer.status_code == 410
    assert "This link no longer works" in text_of(answer)
    assert "Ask for a new link" in text_of(answer)
    assert not who(client)
    after = counts()
    # A try from this machine is counted, and nothing else.
    assert {name for name in after if after[name] != before[name]} <= {"access.Tries"}
    assert Login.objects.get().seen_at == seen


def test_asking_never_tells_whether_an_address_is_known(zara: Customer, mailbox: Mailbox) -> None:
    known, unknown = (
        text_of(Client().post(ASK, {"email": email})).replace(email, "")
        for email in ("zara@mail.example", "x@y.example")
    )
    assert known == unknown
    assert len(mailbox()) == 1


def test_links_are_not_a_way_to_fill_a_mailbox(zara: Customer, mailbox: Mailbox) -> None:
    for _ in range(rules.LINK.most + 3):
        answer = Client().post(ASK, {"email": "zara@mail.example"})
        assert "a link is on its way" in text_of(answer)
    assert len(mailbox()) == rules.LINK.most


def test_a_wrong_address_names_its_field(zara: Customer) -> None:
    answer = Client().post(ASK, {"email": "nonsense"})
    assert answer.status_code == 422
    assert 'id="id_email_error"' in answer.content.decode()
    assert "Your e-mail address is missing." in text_of(Client().post(ASK, {}))


# ------------------------------------------------------------------ by password


def test_a_password_is_set_after_the_link_and_then_signs_in(world: World, mailbox: Mailbox) -> None:
    thabo = world.customer("Thabo", emails=("thabo@mail.example",))
    with_access(world, thabo, "thabo@mail.example", password="")
    assert try_password(Client(), "thabo@mail.example", "").status_code == 422
    client = Client()
    client.post(ASK, {"email": "thabo@mail.example"})
    client.post(mailbox()[0])
    page = "/portal/security/password/"
    assert "too common" in text_of(client.post(page, {"password": "password"}))
    assert "too similar" in text_of(client.post(page, {"password": "thabo@mail.example"}))
    assert "New password is missing." in text_of(client.post(page, {}))
    assert not Login.objects.get().password
    assert client.post(page, {"password": PASSWORD}).status_code == 302
    assert "Thabo" in who(client)
    assert "Thabo" in who(signed_in("thabo@mail.example"))
    # Without a link that has just proved who it is, the password before is asked for.
    again = signed_in("thabo@mail.example")
    refused = again.post(page, {"current": "wrong", "password": "another garden 99"})
    assert refused.status_code == 422
    assert "Current password is incorrect." in text_of(refused)
    assert "Your password now is missing." in text_of(again.post(page, {"password": "another garden 99"}))
    assert again.post(page, {"current": PASSWORD, "password": "another garden 99"}).status_code == 302


def test_a_wrong_password_and_an_unknown_address_look_alike(zara: Customer) -> None:
    answers = [try_password(Client(), email, "wrong") for email in ("zara@mail.example", "nobody@mail.example")]
    first, second = (text_of(answer) for answer in answers)
    assert first == second
    assert "Incorrect e-mail address or password" in first
    assert {answer.status_code for answer in answers} == {422}


def test_too_many_tries_close_the_door_for_that_address_but_not_for_its_links(
    zara: Customer, boris: Customer, mailbox: Mailbox, world: World
) -> None:
    for _ in range(rules.PASSWORD.most):
        assert try_password(Client(), "zara@mail.example", "wrong").status_code == 422
    locked = try_password(Client(), "ZARA@mail.example", PASSWORD)
    assert locked.status_code == 429
    assert "Wait 15 minutes" in text_of(locked)
    assert world.events.count("login.locked") == 1
    # The same for an address nobody knows, so that the lock does not tell either.
    for _ in range(rules.PASSWORD.most):
        try_password(Client(), "nobody@mail.example", "wrong")
    assert text_of(try_password(Client(), "nobody@mail.example", "x")) == text_of(locked)
    assert "Boris" in who(signed_in("boris@mail.example"))
    Client().post(ASK, {"email": "zara@mail.example"})
    assert Client().post(mailbox()[0]).status_code == 302


def test_the_door_opens_again_after_the_window_and_after_a_good_try(zara: Customer, world: World) -> None:
    now = timezone.now()
    for minutes, allowed in ((0, True), (1, True), (2, True), (3, True), (4, True), (5, False), (16, True)):
        caller = Caller.system("test", at=now + dt.timedelta(minutes=minutes))
        assert count_try(caller, limit=rules.PASSWORD, value="zara@mail.example") is allowed, minutes
    assert prune_access(Caller.system("test", at=now + dt.timedelta(minutes=40))) >= 1
    assert not Tries.objects.exists()
    for _ in range(rules.PASSWORD.most - 1):
        try_password(Client(), "zara@mail.example", "wrong")
    signed_in("zara@mail.example")
    assert try_password(Client(), "zara@mail.example", "wrong").status_code == 422


def test_one_machine_may_not_try_many_addresses(zara: Customer) -> None:
    for number in range(rules.MACHINE.most):
        try_password(Client(), f"a{number}@mail.example", "wrong", REMOTE_ADDR="203.0.113.9")
    for answer in (
        try_password(Client(), "zara@mail.example", PASSWORD, REMOTE_ADDR="203.0.113.9"),
        Client().post(ASK, {"email": "zara@mail.example"}, REMOTE_ADDR="203.0.113.9"),
        Client().post("/portal/sign-in/passkey/ask/", REMOTE_ADDR="203.0.113.9"),
    ):
        assert answer.status_code == 429
        assert "too many tries" in answer.content.decode()
    assert try_password(Client(), "zara@mail.example", PASSWORD, REMOTE_ADDR="203.0.113.10").status_code == 302


# ------------------------------------------------------------------ sessions


def test_sessions_are_random_expire_and_are_apart_from_staffs(zara: Customer) -> None:
    one, two = signed_in("zara@mail.example"), signed_in("zara@mail.example")
    cookie = one.cookies[settings.PORTAL_COOKIE_NAME]
    assert cookie.value != two.cookies[settings.PORTAL_COOKIE_NAME].value
    assert len(cookie.value) >= 32
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert int(cookie["max-age"]) <= settings.PORTAL_SESSION_HOURS * 3600
    assert settings.SESSION_COOKIE_NAME not in one.cookies
    Session.objects.filter(session_key=cookie.value).update(expire_date=timezone.now() - dt.timedelta(seconds=1))
    assert not who(one)
    assert "Zara" in who(two)


def test_a_key_that_somebody_chose_is_never_taken_over(zara: Customer) -> None:
    client = Client()
    client.cookies[settings.PORTAL_COOKIE_NAME] = "0123456789abcdefghijklmnopqrstuv"
    try_password(client, "zara@mail.example", PASSWORD)
    assert client.cookies[settings.PORTAL_COOKIE_NAME].value != "0123456789abcdefghijklmnopqrstuv"
    assert "Zara" in who(client)


def test_a_cookie_may_name_any_byte_and_is_nobodys(zara: Customer) -> None:
    """Quoted, it names them by number. PostgreSQL cannot even look for a NUL."""
    for key in (
        '"aaaaaaaa\\000"',
        '"\\000\\000\\000\\000\\000\\000\\000\\000"',
        '"aaaaaaaa\\355\\240\\200"',
        "ä" * 40,
        "x" * 5000,
    ):
        for path in ("/portal/", "/customers/"):
            answer = Client().get(path, headers={"Cookie": f"portal_session={key}; sessionid={key}"})
            assert (answer.status_code, "sign-in" in answer["Location"]) == (302, True), key[:40]


def test_signing_out_ends_the_session_on_the_server(portal: Client) -> None:
    key = portal.cookies[settings.PORTAL_COOKIE_NAME].value
    assert portal.get("/portal/sign-out/").status_code == 405
    assert portal.post("/portal/sign-out/").status_code == 302
    stolen = Client()
    stolen.cookies[settings.PORTAL_COOKIE_NAME] = key
    assert not who(stolen)


def test_a_new_password_ends_the_other_sessions(zara: Customer, portal: Client) -> None:
    other = signed_in("zara@mail.example")
    done = portal.post("/portal/security/password/", {"current": PASSWORD, "password": "giraffe on a roof 3"})
    assert done.status_code == 302
    assert "Zara" in who(portal)
    assert not who(other)


def test_access_taken_away_ends_at_the_next_page(zara: Customer, portal: Client, world: World) -> None:
    take_access(world.caller(), access=Access.objects.get(customer=zara))
    assert not who(portal)
    assert try_password(Client(), "zara@mail.example", PASSWORD).status_code == 422


def test_a_contact_who_is_no_longer_there_sees_nothing(zara: Customer, portal: Client, world: World) -> None:
    contact = Contact.objects.get(customer=zara)
    change_contact(world.caller(), contact=contact, version=contact.version, changes={"active": False})
    assert not who(portal)


def test_strangers_are_asked_to_sign_in_at_the_portals_own_door(zara: Customer) -> None:
    for path in ("/portal/", "/portal/invoices/", "/portal/statements/?format=pdf", "/portal/security/"):
        answer = Client().get(path)
        assert answer.status_code == 302
        assert answer["Location"] == "/portal/sign-in/"


def test_one_address_with_several_accounts_switches_between_them(
    zara: Customer, boris: Customer, portal: Client, world: World
) -> None:
    shop = world.customer("Zara's Shop", emails=("zara@mail.example",))
    contact = Contact.objects.get(customer=shop)
    give_access(world.caller(), contact=contact, email="zara@mail.example", welcome=False)
    assert "Zara Naidoo" in who(portal)
    assert portal.post("/portal/switch/", {"number": shop.number}).status_code == 302
    assert f"Zara&#x27;s Shop, account {shop.number}" in who(portal)
    assert "INV-000001" not in text_of(portal.get("/portal/invoices/"))
    assert portal.post("/portal/switch/", {"number": boris.number}).status_code == 404
    assert f"account {shop.number}" in who(portal)


def test_pages_with_an_account_are_never_kept_by_the_browser(portal: Client) -> None:
    assert portal.get("/portal/")["Cache-Control"] == "no-store"
    assert Client().get("/portal/sign-in/")["Cache-Control"] == "no-store"
