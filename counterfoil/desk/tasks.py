"""Makes links to set a password in the background, so that asking takes as long for an address nobody knows."""

from __future__ import annotations

from counterfoil.desk.operations import mail_password_link
from counterfoil.platform.callers import Caller
from counterfoil.platform.tasks import task


@task()
def email_password_link(email: str, asked: str = "") -> None:
    """E-mail a link to who works here with this address. `asked` is different each time somebody asks."""
    mail_password_link(Caller.system("sign-in").with_key(f"password:{asked}" if asked else None), email=email)
