"""Mail servers with TLS, from the first byte or asked for, and with a certificate that nobody should believe."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from counterfoil.connectors.smtp.connector import SmtpChannel
from counterfoil.connectors.smtp.tests.server import Mailbox, controller
from counterfoil.messaging.interfaces import Accepted, Outgoing, Unreachable

MAIL = Outgoing("<1@x.example>", "zara@zara.example", "Us <us@x.example>", "", "Hello", "Hello\n.\n..\n", "", ())
Serve = Callable[..., Mailbox]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for this machine that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1)).add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return paths


class _AtOnce(Controller):
    """TLS from the first byte."""

    def _trigger_server(self) -> None:
        # The first connection, which the server waits for to know that it is up; its own would speak as a server.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((self.hostname, self.port)) as plain, context.wrap_socket(plain) as inside:
            inside.recv(100)


@pytest.fixture
def serve(certificate: tuple[Path, Path], settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """A mail server with that certificate: `at_once` with TLS from the first byte, otherwise when it is asked for."""
    servers: list[Controller] = []

    def start(*, at_once: bool, trusted: bool = True) -> Mailbox:
        box, context = Mailbox(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        port = controller(box).port
        if at_once:
            server = _AtOnce(box, hostname="127.0.0.1", port=port, ssl_context=context)
        else:
            server = Controller(
                box, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True, auth_required=True,
                authenticator=lambda server, session, envelope, mechanism, data: AuthResult(
                    success=(data.login, data.password) == (b"us", b"hush"), handled=False
                ),
            )  # fmt: skip
            settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "us", "hush"
        server.start()
        servers.append(server)
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = at_once, not at_once
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        return box

    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_message_goes_inside_tls(serve: Serve, at_once: bool) -> None:
    box = serve(at_once=at_once)
    assert SmtpChannel().send(MAIL) == Accepted("250 Taken")
    assert box.recipients == ["zara@zara.example"]
    assert box.mails[0][1].get_content().splitlines() == ["Hello", ".", ".."]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_certificate_that_nobody_vouches_for_gets_no_mail(serve: Serve, at_once: bool) -> None:
    box = serve(at_once=at_once, trusted=False)
    outcome = SmtpChannel().send(MAIL)
    assert isinstance(outcome, Unreachable)
    assert "certificate" in outcome.reason.lower()
    assert box.mails == []


def test_a_wrong_password_of_ours_is_not_the_messages_fault(serve: Serve, settings: Any) -> None:
    box = serve(at_once=False)
    settings.EMAIL_HOST_PASSWORD = "another"
    outcome = SmtpChannel().send(MAIL)
    assert isinstance(outcome, Unreachable)
    assert outcome.reason.startswith("The mail server could not be reached: 535")
    assert box.mails == []
