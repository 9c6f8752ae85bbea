"""Facts about the people who work here, and the programs that do."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password, make_password
from django.db import models
from django.utils.crypto import salted_hmac

from counterfoil.platform.joints import joint
from counterfoil.platform.kept import Kept


class Role(models.Model):
    """A named set of grants: operation and view names, `app.*`, or `*`."""

    kept: ClassVar[Kept] = Kept()

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    grants = models.JSONField(default=list)
    # The most somebody of this role may do alone, in minor units of the operator's currency, by operation name.
    limits = models.JSONField(default=dict)
    # The owner changed it, so that an upgrade leaves it as it is.
    changed_here = models.BooleanField(default=False)
    # Nobody has it or can be given it any more; the row stays, because the trail speaks of it.
    removed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


@joint
def hashed_anew(user: User, hashed: str, /) -> None:
    """One is asked, when somebody signs in: the same password has a stronger hash, to be kept."""
    raise NotImplementedError


class User(AbstractBaseUser):
    """A member of staff, who signs in with an e-mail address; or a program, which shows a token (decision 0033)."""

    kept: ClassVar[Kept] = Kept(but=("version", "theme"))

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        INTEGRATION = "integration", "Integration"

    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.PERSON)
    # None of an integration, which never signs in.
    email = models.EmailField(unique=True, null=True)
    name = models.CharField(max_length=80)
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    is_active = models.BooleanField(default=True)
    theme = models.CharField(max_length=8, default="system")
    # What the person is limited to, as ids; empty is no limit. Read with the person, so that a page costs nothing more.
    area_ids = models.JSONField(default=list)
    brand_ids = models.JSONField(default=list)
    # Part of every session's seal: one more, and all sessions of the person are over.
    sessions_ended = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    # Signing in is a session, not a change of the person.
    last_login = None

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(kind="person", email__isnull=False)
                | models.Q(kind="integration", email__isnull=True),
                name="people_sign_in_and_integrations_do_not",
            ),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(kind="integration"), name="one_integration_of_a_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        key = f"counterfoil.staff.User.{self.sessions_ended}"
        return salted_hmac(key, self.password, secret=secret, algorithm="sha256").hexdigest()

    def check_password(self, raw_password: str | None) -> bool:
        def stronger(raw: str) -> None:
            # Hashed before, because that is slow on purpose.
            self.password = make_password(raw)
            hashed_anew(self, self.password)

        return bool(check_password(raw_password or "", self.password, stronger))

    def has_module_perms(self, app: Any) -> bool:
        """Rights are grants of the role; Django's own permissions are not used."""
        return False


class Token(models.Model):
    """What an integration proves itself with. The token itself is shown once and stored nowhere."""

    kept: ClassVar[Kept] = Kept(but=("used_on",))

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    # Its last letters, so that people can tell which one it is.
    ending = models.CharField(max_length=4)
    # The last day on which it works; none: until it is revoked.
    expires_on = models.DateField(null=True)
    added_by = models.CharField(max_length=120)
    added_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_on = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.user} …{self.ending}"
