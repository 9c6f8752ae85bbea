"""Sends sign-in links in the background, so that asking takes as long for an address nobody knows."""

from __future__ import annotations

from django.template.loader import render_to_string

from counterfoil.access.operations import make_link
from counterfoil.access.queries import portal_url
from counterfoil.messaging.sending import send_unkept
from counterfoil.platform.operations import Caller
from counterfoil.platform.tasks import task
from counterfoil.staff.queries import operator


@task()
def email_link(email: str) -> None:
    """E-mail a link to this address when it may see anybody.

    The link is not among the messages that are kept: whoever reads it can sign in, and staff must not be able to.
    """
    made = make_link(Caller.system("portal"), email=email)
    if made is None:
        return
    login, token = made
    house = operator()
    context = {"operator": house.name, "url": portal_url(f"link/{token}/"), "email": login.email}
    send_unkept(
        to=login.email,
        subject=f"Sign in to {house.name}",
        text=render_to_string("access/email_link.txt", context).strip() + "\n",
        html=render_to_string("access/email_link.html", context),
    )
