"""What the sign-in package (django-allauth) asks of us: its words, its secrets, and an event for what it does.

Its own tables are plumbing; what changes a person, or must be in the trail, goes through operations.
"""

from __future__ import annotations

from typing import Any

import jwt
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac
from requests import RequestException

from counterfoil.kernel.words import heard_all
from counterfoil.operator.queries import house_name
from counterfoil.platform import secrets
from counterfoil.platform.callers import System
from counterfoil.staff.models import User
from counterfoil.staff.operations import note_access, set_password
from counterfoil.staff.queries import user_with_email
from counterfoil.staff.tokens import PasswordToken

LOCKED_FOR = 15 * 60
# The package announces each of these by a mail of this name, and so do we, by an event.
_HAPPENINGS = {
    "mfa/email/totp_activated": ("factor_added", "authenticator app"),
    "mfa/email/totp_deactivated": ("factor_removed", "authenticator app"),
    "mfa/email/webauthn_added": ("factor_added", "passkey"),
    "mfa/email/webauthn_removed": ("factor_removed", "passkey"),
    "mfa/email/recovery_codes_generated": ("factor_added", "recovery codes"),
    "socialaccount/email/account_connected": ("factor_added", "single sign-on"),
    "socialaccount/email/account_disconnected": ("factor_removed", "single sign-on"),
}


def _self(user: User) -> System:
    """The sign-in pages, about the person's own access and in their name."""
    return System(name=user.name, grants=frozenset(), user_id=user.pk, door="sign-in")


def password_link(user: User) -> dict[str, str]:
    """What an address to set a password with has in it; it works once, and for an hour."""
    return {
        "uidb36": user_pk_to_url_str(user),
        "key": PasswordToken().make_token(user),
    }


class Backend(AuthenticationBackend):
    """Finds people by e-mail address, and reads their role along with them."""

    def get_user(self, user_id: int) -> User | None:
        return User.objects.select_related("role").filter(pk=user_id, is_active=True).first()


class AccountAdapter(DefaultAccountAdapter):
    """Signing in with a password, and setting one."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "Incorrect e-mail address or password.",
        "account_inactive": "This person no longer works here.",
        "too_many_login_attempts": "Too many tries. Wait 15 minutes, or set a new password by e-mail.",
        "incorrect_code": "That code is not right, or was used already. Wait for the next one.",
        "incorrect_password": "Incorrect password.",
        "rate_limited": "Too many tries. Wait a few minutes.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """An administrator adds people."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            user = user_with_email(credentials.get("email", ""))
            if user and cache.add(f"locked-out:{user.pk}", True, LOCKED_FOR):
                note_access(_self(user), user=user, what="locked_out")
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        if user := user_with_email(credentials.get("email", "")):
            note_access(_self(user), user=user, what="sign_in_failed", by="password")

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        note_access(_self(user), user=user, what="signed_in")
        answer: HttpResponse = super().post_login(request, user, **details)
        return answer

    def reauthenticate(self, user: User, password: str) -> bool:
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def set_password(self, user: User, password: str) -> None:
        changed = set_password(_self(user), user=user, password=password)
        user.password = changed.password

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        if template_prefix in _HAPPENINGS:
            what, by = _HAPPENINGS[template_prefix]
            note_access(_self(user), user=user, what=what, by=by)
        super().send_notification_mail(template_prefix, user, *args, **kwargs)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Signing in needs no announcement."""


def use_code(user: User, code: str) -> bool:
    """Whether this code of an authenticator app was not used before; now it has been, wherever it is given again."""
    used: bool = TOTP(Authenticator(user=user))._mark_code_used(code)
    return used


class MfaAdapter(DefaultMFAAdapter):
    """Second factors: their secrets are encrypted at rest."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code is not right, or was used already. Wait for the next one.",
    }

    def encrypt(self, text: str) -> str:
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        return house_name() or "Counterfoil"


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """Single sign-on lets people in who were added here; it adds nobody."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The first time, whoever was added here with the address that the provider vouches for.

        Not the package's own way of it, which saves the person and takes their password away.
        """
        if sociallogin.is_existing:
            return
        vouched = (row.email for row in sociallogin.email_addresses if row.verified)
        user = next((found for email in vouched if (found := user_with_email(email))), None)
        if user is not None:
            sociallogin.user = sociallogin.account.user = user
            sociallogin.account.save()
            note_access(_self(user), user=user, what="connected")


_PAGES = {"issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"}
# Signed with the provider's own key; never with none, nor with a secret that others may know.
_SIGNATURES = ("RS", "PS", "ES", "Ed")


class _Client(OAuth2Client):
    """Sends the browser to the provider with a nonce, which some insist on, and which the token must repeat."""

    def get_redirect_url(self, authorization_url: str, scope: Any, extra_params: dict[str, Any]) -> str:
        nonce = {"nonce": _nonce_of(str(self.state))}
        url: str = super().get_redirect_url(authorization_url, scope, {**extra_params, **nonce})
        return url


def _nonce_of(state: str) -> str:
    """The nonce that belongs to a state. Nobody can work it out from the state, and none must be remembered."""
    return salted_hmac("counterfoil.staff.nonce", state, algorithm="sha256").hexdigest()


class CheckedOpenId(OpenIDConnectOAuth2Adapter):
    """OpenID Connect with a nonce, and with the provider's signature always checked.

    The package leaves that out because the token came over TLS (OpenID Connect Core 1.0, 3.1.3.7); not every provider
    in a house's own network is reached by TLS.
    """

    client_class = _Client

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself."""
        try:
            said = _cleaned(super().openid_config)
        except AttributeError as error:
            raise OAuth2Error("The provider says something that is no description of itself.") from error
        if missing := _PAGES - set(said):
            raise OAuth2Error(f"The provider does not say its {', '.join(sorted(missing))}.")
        return said

    def get_provider(self) -> Any:
        provider = super().get_provider()
        # On the way there, too.
        provider.oauth2_adapter_class = CheckedOpenId
        return provider

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("The provider gave no id_token.")
        login = super().complete_login(request, app, token, **kwargs)
        told = login.account.extra_data
        if not constant_time_compare(str(told["id_token"].get("nonce")), _nonce_of(request.GET.get("state", ""))):
            raise OAuth2Error("The id_token answers something else than was asked.")
        # OpenID Connect Core 1.0, 5.3.2: otherwise somebody else's details could be put beside one's own token.
        if "userinfo" in told and told["userinfo"].get("sub") != told["id_token"]["sub"]:
            raise OAuth2Error("userinfo is about somebody else than the id_token.")
        return login

    def _fetch_user_info(self, access_token: str) -> dict[str, Any]:
        return _cleaned(super()._fetch_user_info(access_token))

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            name = str(jwt.get_unverified_header(id_token).get("alg"))
        except jwt.PyJWTError as error:
            raise OAuth2Error("Invalid id_token") from error
        if not name.startswith(_SIGNATURES):
            raise OAuth2Error(f"An id_token signed with {name} proves nothing.")
        told: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token, keys_url=self.openid_config["jwks_uri"], issuer=self.openid_config["issuer"],
            audience=app.client_id, lookup_kid=jwtkit.lookup_kid_jwk,
        )  # fmt: skip
        return _cleaned(told)


def _cleaned(told: Any) -> dict[str, Any]:
    """What the provider says of somebody, without what no database takes."""
    if not isinstance(told, dict):
        raise OAuth2Error("The provider told something that is no description of anybody.")
    clean: Any = heard_all(told)
    return dict(clean)


def single_sign_on(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider."""
    return _at_provider(OAuth2LoginView, request, provider_id)


def single_sign_on_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the provider: signed in, or told why not."""
    return _at_provider(OAuth2CallbackView, request, provider_id)


def _at_provider(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    adapter = CheckedOpenId(request, provider_id)
    try:
        answer: HttpResponse = view.adapter_view(adapter)(request)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    except (RequestException, OAuth2Error) as error:
        # It cannot be reached, or what it says of itself is not what a provider says.
        answer = render_authentication_error(request, adapter.get_provider(), exception=error)
    return answer
