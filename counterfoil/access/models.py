"""Facts about who may sign in to the portal: logins, what they may see, passkeys, links, and tries."""

import uuid
from typing import ClassVar

from django.db import models

from counterfoil.customers.models import Contact, Customer
from counterfoil.platform.kept import Kept, KeptWith


class Login(models.Model):
    """Somebody who signs in to the portal, by their e-mail address. Never a member of staff, even with the same one."""

    kept: ClassVar[Kept] = Kept(but=("seen_at",), personal=("email", "name", "password"))

    # Folded to lower case, so that one mailbox is one login.
    email = models.CharField(max_length=254, unique=True)
    name = models.CharField(max_length=300)
    # As Django's hashers write it; empty until the person chooses one.
    password = models.CharField(max_length=200, blank=True)
    # Kept in each session: a new one ends every session that has the old one.
    stamp = models.CharField(max_length=40)
    # What passkeys know the person by; says nothing about them.
    handle = models.UUIDField(default=uuid.uuid4, unique=True)
    seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.email


class Access(models.Model):
    """A login may see a customer, as one of its contacts; until it is taken away or the contact is no longer there."""

    kept: ClassVar[Kept] = Kept()

    login = models.ForeignKey(Login, on_delete=models.PROTECT, related_name="accesses")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["login", "customer"], condition=models.Q(taken_at=None), name="access_once_per_customer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.login_id} to {self.customer_id}"


class Passkey(models.Model):
    """A key on somebody's device that signs in instead of a password."""

    kept_with: ClassVar[KeptWith] = KeptWith(("login",), but=("uses", "used_at"))

    login = models.ForeignKey(Login, on_delete=models.PROTECT, related_name="passkeys")
    name = models.CharField(max_length=60)
    # The credential's id in base64url, and its public key as WebAuthn writes it.
    key_id = models.CharField(max_length=1400, unique=True)
    credential = models.BinaryField()
    # Counts the uses where the device counts them: a smaller one than before comes from a copy.
    uses = models.BigIntegerField(default=0)
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class SignInLink(models.Model):
    """A link that was e-mailed. Only a digest of its secret is kept, and it works once."""

    login = models.ForeignKey(Login, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link of {self.login_id}"


class Tries(models.Model):
    """How often something was tried in the present window: a password for an address, requests from a machine."""

    # A digest, so that addresses people mistype are not collected.
    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.count} since {self.since}"
