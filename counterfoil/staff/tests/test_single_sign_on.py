"""Single sign-on from end to end: a provider of our own on this machine, with keys, codes, PKCE and signed tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from jwt.algorithms import RSAAlgorithm

from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user, deactivate_user
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


class Provider:
    """What an identity provider knows: its key, who is at its browser, and the codes it gave."""

    def __init__(self) -> None:
        self.url = ""
        self.person: dict[str, Any] = {"sub": "p-1", "email": "anna@x.example", "email_verified": True, "name": "Anna"}
        self.userinfo: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.sign: Callable[[dict[str, Any]], str] = lambda told: jwt.encode(told, KEY, "RS256", {"kid": "k1"})

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes on to: the person agreed at once."""
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        """The tokens for a code, once, for whoever has the secret and the verifier of the challenge."""
        asked = self.codes.pop(form["code"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        assert (form["client_id"], form["client_secret"]) == ("counterfoil", "hush")
        now = int(time.time())
        told = {
            "iss": self.url,
            "aud": "counterfoil",
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"],
            **self.person,
        }
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": self.sign(told)}

    def answer(self, path: str, values: dict[str, str]) -> Any:
        match path:
            case "/.well-known/openid-configuration":
                pages = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
                return {"issuer": self.url, **{name: f"{self.url}/{name}" for name in pages}}
            case "/token_endpoint":
                return self.token(values)
            case "/userinfo_endpoint":
                return {**self.person, **self.userinfo}
            case "/jwks_uri":
                return {"keys": [{**json.loads(RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "k1", "alg": "RS256"}]}
        raise KeyError(path)


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    known = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send({}, urlsplit(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send({key: value[0] for key, value in parse_qs(body).items()}, urlsplit(self.path))

        def _send(self, values: dict[str, str], at: Any) -> None:
            text = json.dumps(known.answer(at.path, values)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    known.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    app = {
        "provider_id": "sso", "name": "House key", "client_id": "counterfoil", "secret": "hush",
        "settings": {"server_url": known.url},
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def anna(world: World) -> User:
    return add_user(world.caller(), email="anna@x.example", name="Anna", role="billing", password="correct horse")


def come_back(provider: Provider, client: Client) -> Any:
    """Press the button, agree at the provider, and return; the last answer."""
    assert "House key" in client.get("/sign-in/").content.decode()
    away = client.post("/sso/oidc/sso/login/?next=/customers/")
    assert away["Location"].startswith(f"{provider.url}/authorization_endpoint?")
    asked = {key: value[0] for key, value in parse_qs(urlsplit(away["Location"]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    back = urlsplit(provider.authorize(asked))
    assert (back.netloc, back.path) == ("testserver", "/sso/oidc/sso/login/callback/")
    return client.get(f"{back.path}?{back.query}")


def is_in(client: Client) -> bool:
    return client.get("/customers/").status_code == 200


def test_whoever_was_added_here_comes_in_and_that_is_on_record(provider: Provider, anna: User) -> None:
    # The provider is really there.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{provider.url}/jwks_uri") as answer:
        assert json.load(answer)["keys"][0]["kid"] == "k1"
    before = User.objects.values().get()
    for _ in range(2):
        client = Client()
        answer = come_back(provider, client)
        assert (answer.status_code, answer["Location"]) == (302, "/customers/")
        assert is_in(client)
    events = Event.objects.filter(kind__startswith="user.").exclude(kind="user.added").order_by("pk")
    assert [event.kind for event in events] == ["user.connected", "user.signed_in", "user.signed_in"]
    assert {event.actor for event in events} == {"Anna"}
    # Nothing about the person is changed by it.
    assert list(User.objects.values()) == [before]


def test_the_account_at_the_provider_counts_afterwards_not_its_address(provider: Provider, anna: User) -> None:
    come_back(provider, Client())
    provider.person["email"] = "anna.new@x.example"
    client = Client()
    come_back(provider, client)
    assert is_in(client)
    provider.person |= {"sub": "p-2"}
    stranger = Client()
    come_back(provider, stranger)
    assert not is_in(stranger)


def _signed(key: Any, algorithm: str = "RS256", **other: Any) -> Callable[[dict[str, Any]], str]:
    return lambda told: jwt.encode({**told, **other}, key, algorithm, {"kid": "k1"})


def _with_a_public_secret(told: dict[str, Any]) -> str:
    """What everybody can make: signed with a word, under the name of the provider's key."""
    return jwt.encode(told, "a word that is long enough for such a signature", "HS256", {"kid": "k1"})


REFUSED: dict[str, dict[str, Any]] = {
    "signed by somebody else": {"sign": _signed(OTHER_KEY)},
    "not signed": {"sign": _signed(None, "none")},
    "signed with a word": {"sign": _with_a_public_secret},
    "no token at all": {"sign": lambda told: ""},
    "no token but words": {"sign": lambda told: "a.b.c"},
    "too old": {"sign": _signed(KEY, exp=1)},
    "for another programme": {"sign": _signed(KEY, aud="another")},
    "from another provider": {"sign": _signed(KEY, iss="https://elsewhere.example")},
    "details of somebody else": {"userinfo": {"sub": "p-2"}},
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_token_that_proves_nothing_lets_nobody_in(provider: Provider, anna: User, why: str) -> None:
    for name, value in REFUSED[why].items():
        setattr(provider, name, value)
    before, client = counts(), Client()
    answer = come_back(provider, client)
    assert answer.status_code == 401
    assert "Traceback" not in answer.content.decode()
    assert not is_in(client)
    assert counts() == before


@pytest.mark.parametrize(
    "person",
    [
        {"email": "stranger@x.example"},
        {"email": "anna@elsewhere.example"},
        {"email_verified": False},
        {"email": None},
    ],
)
def test_who_was_not_added_here_stays_outside(provider: Provider, anna: User, person: dict[str, Any]) -> None:
    provider.person |= person
    before, client = counts(), Client()
    assert come_back(provider, client).status_code in (200, 302)
    assert not is_in(client)
    assert counts() == before


def test_who_left_stays_outside(world: World, provider: Provider, anna: User) -> None:
    come_back(provider, Client())
    deactivate_user(world.caller(), user=anna)
    client = Client()
    come_back(provider, client)
    assert not is_in(client)


def test_an_answer_that_nobody_asked_for_lets_nobody_in(provider: Provider, anna: User) -> None:
    asked = {"redirect_uri": "/sso/oidc/sso/login/callback/", "state": "made-up"}
    client = Client()
    assert client.get(provider.authorize(asked)).status_code in (200, 401)
    assert not is_in(client)
    assert client.get("/sso/oidc/nobody/login/callback/").status_code == 404


def test_what_the_provider_says_is_cleaned_before_it_is_kept(provider: Provider, anna: User) -> None:
    provider.person["name"] = "An\x00na\x1b \u202eX"
    provider.userinfo["locale"] = ["en\x00"]
    client = Client()
    come_back(provider, client)
    assert is_in(client)
    told = SocialAccount.objects.get().extra_data
    assert told["id_token"]["name"] == told["userinfo"]["name"] == "Anna X"
    assert told["userinfo"]["locale"] == ["en"]


def test_a_description_of_nobody_lets_nobody_in(provider: Provider, anna: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        Provider,
        "answer",
        lambda self, path, values, answer=Provider.answer: (
            ["anna@x.example"] if path == "/userinfo_endpoint" else answer(self, path, values)
        ),
    )
    client = Client()
    assert come_back(provider, client).status_code < 500
    assert not is_in(client)


@pytest.mark.parametrize("nonce", ["of another sign-in", "", None, 7])
def test_a_token_that_was_made_for_another_sign_in_lets_nobody_in(
    provider: Provider, anna: User, nonce: object
) -> None:
    provider.person["nonce"] = nonce
    before = counts()
    client = Client()
    assert come_back(provider, client).status_code < 500
    assert not is_in(client)
    assert counts() == before


@pytest.mark.parametrize("says", [[], {}, "a string", {"issuer": "x", "authorization_endpoint": None}])
def test_a_provider_that_does_not_say_what_it_is_gets_nobody(
    provider: Provider, anna: User, monkeypatch: Any, says: object
) -> None:
    monkeypatch.setattr(Provider, "answer", lambda self, path, values: says)
    client = Client()
    for answer in (client.post("/sso/oidc/sso/login/"), client.get("/sso/oidc/sso/login/callback/?code=a&state=b")):
        assert answer.status_code == 401
        assert "Single sign-on failed" in answer.content.decode()
    assert not is_in(client)
