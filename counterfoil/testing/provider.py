"""Glewlwyd, an OpenID provider from Debian, as a process of its own on this machine, with people and one client."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_SCHEMA = Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
CLIENT, SECRET = "counterfoil", "hush"
# As its schema has it, for a provider that nobody else can reach.
_ADMIN = {"username": "admin", "password": "password"}
_SETTINGS = """
port={port}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:{port}"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="ERROR"
cookie_secure=false
session_key="session"
session_expiration=3600
admin_session_authentication="cookie"
profile_session_authentication="cookie"
login_api_enabled=true
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
use_secure_connection=false
secure_connection_key_file="-"
secure_connection_pem_file="-"
secure_connection_ca_file="-"
hash_algorithm="SHA512"
database = {{ type = "sqlite3"; path = "{database}"; }};
"""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Where it would lead is the answer."""


class Browser:
    """Somebody's browser at the provider: keeps cookies, follows nothing."""

    def __init__(self, url: str) -> None:
        self.url = url
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar, _Stay())

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """The status, and where it leads or what it says."""
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, sent, {"Content-Type": "application/json"}, method=method)
        try:
            answer = self._opener.open(request, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with contextlib.closing(answer):
            return answer.status, answer.headers.get("Location") or answer.read().decode()

    def must(self, method: str, path: str, body: Any = None) -> str:
        """The same, where anything but success is a fault of the test."""
        status, said = self.ask(method, path, body)
        assert status == 200, f"{method} {path}: {status} {said}"
        return said


class RealProvider:
    """The process, its people, and the client that the product is to it."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("glewlwyd")
        assert found, "glewlwyd is not installed. Install it with: sudo apt-get install -y dbconfig-no-thanks glewlwyd"
        self._program = found
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url, self.issuer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/api/oidc"
        database, self._settings = folder / "provider.sqlite3", folder / "provider.conf"
        with contextlib.closing(sqlite3.connect(database)) as empty:
            empty.executescript(_SCHEMA.read_text())
        self._settings.write_text(_SETTINGS.format(port=port, database=database))
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        self._admin = Browser(self.url)
        self._admin.must("POST", "/api/auth/", _ADMIN)

    def start(self) -> None:
        """It answers."""
        command = [self._program, f"--config-file={self._settings}"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.05)
                raise AssertionError("The provider stopped.")
            with contextlib.suppress(OSError):
                Browser(self.url).ask("GET", "/config")
                return
        raise AssertionError("The provider does not answer.")

    def stop(self) -> None:
        """It is gone."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(timeout=20)

    def set_up(self, callback: str) -> None:
        """It signs with a key of its own, and knows the product as a client that returns to this address."""
        for name in ("profile", "email"):
            scope: dict[str, Any] = {
                "name": name,
                "display_name": name,
                "description": name,
                "password_required": False,
                "scheme": {},
            }
            self._admin.must("POST", "/api/scope/", scope)
        self._admin.must("POST", "/api/mod/plugin/", self._plugin())
        self._admin.must(
            "POST", "/api/client/",
            {"client_id": CLIENT, "name": "Counterfoil", "description": "", "confidential": True,
             "client_secret": SECRET, "redirect_uri": [callback], "authorization_type": ["code"],
             "token_endpoint_auth_method": ["client_secret_post", "client_secret_basic"], "scope": [], "enabled": True},
        )  # fmt: skip

    def _plugin(self) -> dict[str, Any]:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
        kinds = ("token", "id-token", "none", "password", "client", "device")
        vouched = {"name": "email_verified", "user-property": "user-code", "type": "boolean",
                   "boolean-value-true": "vouched", "boolean-value-false": "unknown", "mandatory": True}  # fmt: skip
        parameters = {
            "iss": self.issuer, "jwt-type": "rsa", "jwt-key-size": "256", "key": private.decode(),
            "cert": public.decode(), "access-token-duration": 3600, "refresh-token-duration": 3600,
            "code-duration": 60, "refresh-token-rolling": False, "allow-non-oidc": False,
            "auth-type-code-enabled": True, "auth-type-refresh-enabled": True,
            **{f"auth-type-{kind}-enabled": False for kind in kinds},
            "subject-type": "public", "name-claim": "mandatory", "email-claim": "mandatory", "scope-claim": "no",
            "claims": [vouched], "pkce-allowed": True, "pkce-required": True, "pkce-method-plain-allowed": False,
            "scope": [], "openid-config-allowed": True, "jwks-show": True, "address-claim": {"type": "no"},
        }  # fmt: skip
        return {"module": "oidc", "name": "oidc", "display_name": "OpenID Connect", "parameters": parameters}

    def change_key(self) -> None:
        """From now on it signs with another key."""
        self._admin.must("PUT", "/api/mod/plugin/oidc", self._plugin())
        self._admin.must("PUT", "/api/mod/plugin/oidc/reset")

    def add(self, name: str, email: str, password: str, *, vouched: bool = True) -> None:
        """Somebody has an account there, whose address the provider vouches for or not."""
        person = {
            "username": name, "name": name.capitalize(), "email": email, "password": password, "enabled": True,
            "scope": ["openid", "profile", "email"], "user-code": "vouched" if vouched else "unknown",
        }  # fmt: skip
        self._admin.must("POST", "/api/user/", person)

    def remove(self, name: str) -> None:
        """Their account is gone."""
        self._admin.must("DELETE", f"/api/user/{name}")

    def agree(self, away: str, name: str, password: str) -> str:
        """Where the provider sends on to who was sent there, signs in and agrees; its sign-in page otherwise."""
        browser, asked = Browser(self.url), urlsplit(away)
        assert f"{asked.scheme}://{asked.netloc}" == self.url
        path = f"{asked.path}?{asked.query}"
        _, page = browser.ask("GET", path)
        assert "/login.html?" in page, "Who is not signed in there is asked to."
        status, _ = browser.ask("POST", "/api/auth/", {"username": name, "password": password})
        if status != 200:
            return browser.ask("GET", path)[1]
        browser.must("PUT", f"/api/auth/grant/{CLIENT}/", {"scope": "openid profile email"})
        return browser.ask("GET", f"{path}&g_continue=")[1]


@contextlib.contextmanager
def real_provider(folder: Path) -> Iterator[RealProvider]:
    """A provider that knows the product as it is in tests; gone afterwards."""
    provider = RealProvider(folder)
    try:
        provider.set_up("http://testserver/sso/oidc/sso/login/callback/")
        yield provider
    finally:
        provider.stop()
