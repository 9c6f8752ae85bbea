"""Makes sign-in links in the background, so that asking takes as long for an address nobody knows."""

from __future__ import annotations

from counterfoil.access.operations import make_link
from counterfoil.platform.callers import Caller
from counterfoil.platform.tasks import task


@task()
def email_link(email: str, asked: str = "") -> None:
    """E-mail a link to this address when it may see anybody. `asked` is different each time somebody asks."""
    make_link(Caller.system("portal").with_key(f"link:{asked}" if asked else None), email=email)
