"""About this installation, from the environment. Every variable is in docs/operating/configuration.md.

Policy that the owner may change (buckets, terms, tax rates, letterhead) is rows in the database, not settings.
"""

import os
import secrets
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from counterfoil.site.environment import Environment, is_allowed
from counterfoil.site.places import data_folder, secret_file

HERE = Path(__file__).resolve().parent
BASE = HERE.parent


_env = Environment(os.environ)

# local: one machine, listens on the loopback address only, makes its own secret.
# production: refuses to start insecurely.
MODE = _env.choice("COUNTERFOIL_MODE", "local", ("local", "production"))
PRODUCTION = MODE == "production"
DEBUG = False
DATA_DIR = _env.folder("COUNTERFOIL_DATA_DIR", data_folder(os.environ))
if PRODUCTION:
    for _name in ("SECRET_KEY", "ALLOWED_HOSTS", "PUBLIC_URL", "DATABASE_URL"):
        if _name not in _env:
            _env.refuse(_name, "must be set in production.")
    # Nothing is made, and nothing else can be said, before these are there.
    _env.settle()


def _secret_key() -> str:
    if value := _env.text("SECRET_KEY"):
        return _env.key("SECRET_KEY", value) if PRODUCTION else value
    path = secret_file(DATA_DIR)
    try:
        if key := path.read_text().strip():
            return key
    except FileNotFoundError:
        # Whoever begins to work makes one (site/places.py). For tools that only read the code one of a moment does.
        return secrets.token_urlsafe(50)
    except (OSError, UnicodeDecodeError) as error:
        _env.refuse("COUNTERFOIL_DATA_DIR", f"must be a folder for {path.name}: {error}.")
    else:
        _env.refuse("COUNTERFOIL_DATA_DIR", f"has an empty {path}. Remove it and start again, or set SECRET_KEY.")
    _env.settle()
    raise AssertionError("unreachable")


SECRET_KEY = _secret_key()
# Keys for secrets at rest, the newest first; without any, the secret key serves.
ENCRYPTION_KEYS = _env.words("ENCRYPTION_KEYS") or [SECRET_KEY]
if "ENCRYPTION_KEYS" in _env and not _env.words("ENCRYPTION_KEYS"):
    _env.refuse("ENCRYPTION_KEYS", "must have a key in it, or be left out.")
if PRODUCTION:
    for _key in ENCRYPTION_KEYS:
        _env.key("ENCRYPTION_KEYS", _key)
ALLOWED_HOSTS = _env.hosts("ALLOWED_HOSTS")
PUBLIC_URL = _env.url("PUBLIC_URL", "http://localhost:8000", secure=PRODUCTION)
if PRODUCTION and not is_allowed(PUBLIC_URL, ALLOWED_HOSTS):
    _env.refuse("PUBLIC_URL", f"must be at one of the ALLOWED_HOSTS ({', '.join(ALLOWED_HOSTS)[:200]}).")
if not PRODUCTION:
    ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]", "testserver"]

INSTALLED_APPS = [
    "counterfoil.trail",
    "counterfoil.platform",
    "counterfoil.operator",
    "counterfoil.staff",
    "counterfoil.documents",
    "counterfoil.customers",
    "counterfoil.catalogue",
    "counterfoil.ledger",
    "counterfoil.messaging",
    "counterfoil.credit",
    "counterfoil.access",
    "counterfoil.subscriptions",
    "counterfoil.receivables",
    "counterfoil.sales",
    "counterfoil.usage",
    "counterfoil.billing",
    "counterfoil.payments",
    "counterfoil.collections",
    "counterfoil.dunning",
    "counterfoil.suspension",
    "counterfoil.bank",
    "counterfoil.debits",
    "counterfoil.cards",
    "counterfoil.tickets",
    "counterfoil.network",
    "counterfoil.jobs",
    "counterfoil.reports",
    "counterfoil.questions",
    "counterfoil.imports",
    "counterfoil.api",
    "counterfoil.desk",
    "counterfoil.portal",
    "counterfoil.site",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_tasks",
    "django_tasks_db",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "counterfoil.platform.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "counterfoil.site.zones.ZoneMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "counterfoil.desk.middleware.StaffMiddleware",
    "counterfoil.access.sessions.VisitorMiddleware",
    "counterfoil.portal.middleware.PortalMiddleware",
]
ROOT_URLCONF = "counterfoil.site.urls"
WSGI_APPLICATION = "counterfoil.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "counterfoil.desk.navigation.context",
            ],
            "builtins": ["counterfoil.platform.templatetags.counterfoil"],
        },
    }
]

DATABASES: dict[str, Any] = {"default": _env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'counterfoil.sqlite3'}")}
_database = DATABASES["default"]
_database["ATOMIC_REQUESTS"] = False
if "sqlite" in _database["ENGINE"]:
    # One writer at a time that queues instead of failing half-way, readers that never wait, and keys that are enforced.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-64000; "
        # Without it INSERT OR REPLACE deletes rows and no trigger asks whether it may.
        "PRAGMA recursive_triggers=ON;",
    }
else:
    _database["CONN_HEALTH_CHECKS"] = True
    # A row by its key costs what one read in order does, from memory or a disk without moving parts: with the standard,
    # which is of disks that turn, a page of a list reads whole tables. Compiling a statement takes longer than our
    # longest run, and what everybody owes is added up in memory. Helpers of a query take a processor from whoever else
    # asks at that moment, and starting them takes longer than a page of a list.
    _database["OPTIONS"] = {
        "options": "-c random_page_cost=1.1 -c jit=off -c work_mem=16MB -c max_parallel_workers_per_gather=0",
        **_database.get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "staff.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "counterfoil.platform.passwords.LengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["counterfoil.staff.sign_in.Backend"]
# Tries at signing in, and codes that were used, are counted for all web processes together.
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        # Far more than there are tries, so that none is forgotten early.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
ACCOUNT_ADAPTER = "counterfoil.staff.sign_in.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "counterfoil.desk.forms.SignInForm",
    "reset_password": "counterfoil.desk.forms.PasswordLinkForm",
    "reset_password_from_key": "counterfoil.desk.forms.PasswordFromLinkForm",
    "change_password": "counterfoil.desk.forms.NewPasswordForm",
    "set_password": "counterfoil.desk.forms.FirstPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,5/900s/key", "login": "120/m/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if _env.flag("COUNTERFOIL_BEHIND_PROXY") else 0
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "counterfoil.staff.tokens.PasswordToken"
MFA_ADAPTER = "counterfoil.staff.sign_in.MfaAdapter"
MFA_FORMS = {
    "activate_totp": "counterfoil.desk.forms.AuthenticatorForm",
    "add_webauthn": "counterfoil.desk.forms.AddPasskeyForm",
    "authenticate_webauthn": "counterfoil.desk.forms.PasskeySecondStepForm",
    "login_webauthn": "counterfoil.desk.forms.PasskeySignInForm",
    "reauthenticate_webauthn": "counterfoil.desk.forms.PasskeyAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Browsers hold passkeys for https and for the machine itself.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# How long a page may lie untouched before it asks who is there; 0 is for ever.
IDLE_MINUTES = _env.whole("IDLE_MINUTES", 60, 0, 24 * 60)
OIDC_ISSUER = _env.url("OIDC_ISSUER", secure=PRODUCTION)
SOCIALACCOUNT_ADAPTER = "counterfoil.staff.sign_in.SingleSignOnAdapter"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if OIDC_ISSUER:
    for _name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"):
        if _name not in _env:
            _env.refuse(_name, "must be set beside OIDC_ISSUER.")
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": _env.text("OIDC_NAME", "Single sign-on"),
                "client_id": _env.text("OIDC_CLIENT_ID"),
                "secret": _env.text("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_ISSUER},
            }
        ],
    }
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = _env.time_zone("TIME_ZONE", "Africa/Johannesburg")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = str(_env.folder("COUNTERFOIL_STATIC_DIR", DATA_DIR / "static"))
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
DATA_UPLOAD_MAX_MEMORY_SIZE = 25 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "mail", "jobs"]}}

# Nothing is sent by Django's own functions: every e-mail waits in a row and leaves by the one road (messaging.sending).
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
# Without a host here the mail server is the one that is entered on the product's own page.
EMAIL_HOST = _env.host("EMAIL_HOST")
EMAIL_PORT = _env.whole("EMAIL_PORT", 25, 1, 65535)
EMAIL_HOST_USER = _env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = _env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = _env.flag("EMAIL_USE_TLS")
EMAIL_USE_SSL = _env.flag("EMAIL_USE_SSL")
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    _env.refuse("EMAIL_USE_TLS", "and EMAIL_USE_SSL exclude each other: TLS is for port 587, SSL for port 465.")
# Seconds: to connect; for each answer; for the answer to a whole message; and for all of it, more when it is large.
EMAIL_CONNECT_TIMEOUT = 5
EMAIL_TIMEOUT = 10
EMAIL_ACCEPT_TIMEOUT = 60
EMAIL_MESSAGE_SECONDS = 90
# What takes messages out of the house. A demonstration sends nothing and keeps them as files.
_OUTBOX = _env.flag("COUNTERFOIL_OUTBOX") and "EMAIL_HOST" not in _env
if _OUTBOX and PRODUCTION:
    _env.refuse("COUNTERFOIL_OUTBOX", "is for demonstrations: in production messages must leave.")
MESSAGE_CHANNELS = {
    "email": f"counterfoil.connectors.{'outbox.connector.OutboxChannel' if _OUTBOX else 'smtp.connector.SmtpChannel'}"
}
# What opens the mailbox that tickets come from.
POSTBOXES = {"imap": "counterfoil.connectors.imap.connector.ImapPostbox"}
# What can switch services off and on; which of them does is a row (suspension).
PROVISIONERS = {
    "recording": "counterfoil.connectors.recording.connector.RecordingProvisioner",
    "radius": "counterfoil.network.provisioner.RadiusProvisioner",
}
# What asks a NAS to end a session.
NAS_LINES = {"radius": f"counterfoil.connectors.radius.{'silent.SilentLine' if _OUTBOX else 'connector.RadiusLine'}"}
# What takes card payments; which of them does is a row (cards).
CARD_GATEWAYS = {
    "stripe": f"counterfoil.connectors.stripe.{'silent.SilentStripe' if _OUTBOX else 'connector.StripeGateway'}"
}
# How long a message waits for Undo before it leaves, in seconds.
UNDO_SECONDS = _env.whole("UNDO_SECONDS", 8, 0, 3600)

# Where the newest seal is put once a day, out of reach of whoever owns the database.
ANCHOR_FILE = _env.file("ANCHOR_FILE")
ANCHOR_TO = _env.addresses("ANCHOR_TO")
# Backups are encrypted to this public key of age (age1…) unless another is named.
BACKUP_PUBLIC_KEY = _env.public_key("BACKUP_PUBLIC_KEY")
# How long the making of one PDF may take before it is given up.
DOCUMENT_SECONDS = _env.whole("DOCUMENT_SECONDS", 30, 1, 3600)

# The customer portal: how long a sign-in link works, and how long a session lasts.
PORTAL_LINK_MINUTES = _env.whole("PORTAL_LINK_MINUTES", 20, 1, 24 * 60)
PORTAL_SESSION_HOURS = _env.whole("PORTAL_SESSION_HOURS", 12, 1, 24 * 365)
BEHIND_PROXY = _env.flag("COUNTERFOIL_BEHIND_PROXY")
# How often one access token may call in a minute; each web process counts for itself.
API_CALLS_PER_MINUTE = _env.whole("API_CALLS_PER_MINUTE", 600, 1, 1_000_000)

SESSION_ENGINE = "counterfoil.platform.sessions"
# Browsers take a cookie of such a name over https and from this very host only: no neighbour can plant one.
_HOST_ONLY = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME = f"{_HOST_ONLY}sessionid"
CSRF_COOKIE_NAME = f"{_HOST_ONLY}csrftoken"
PORTAL_COOKIE_NAME = f"{_HOST_ONLY}portal_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = False
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = not _env.flag("COUNTERFOIL_PLAIN_HTTP_BEHIND_PROXY")
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        # A form that starts single sign-on is sent on to the other side.
        "form-action": [SELF, *(["/".join(OIDC_ISSUER.split("/")[:3])] if OIDC_ISSUER else [])],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

# Whom an error on the server is mailed to, separated by commas.
ADMINS = [("", address) for address in _env.addresses("ERRORS_TO")]
# Asked for as a bearer token at /metrics; without one only the machine itself is answered.
METRICS_TOKEN = _env.text("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    _env.refuse("METRICS_TOKEN", "must have 20 characters or more, so that nobody guesses it.")
# Addresses that let in whoever has them: what stands behind these is never in a log (platform/logs.py).
SECRET_ADDRESSES = ["/portal/link/", "/portal/as/", "/sign-in/password/", "/pay/", "/radius/", "/calendar/"]
LOG_LEVEL = _env.choice(
    "LOG_LEVEL", "INFO" if PRODUCTION else "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), fold=True
)
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "context": {"()": "counterfoil.platform.logs.Context"},
        "no_secrets": {"()": "counterfoil.platform.logs.NoSecrets"},
    },
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {request_id} {message}", "style": "{"},
        "json": {"()": "counterfoil.platform.logs.Json"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": _env.choice("LOG_FORMAT", "json" if PRODUCTION else "line", ("line", "json")),
            "filters": ["context", "no_secrets"],
        },
        "mail": {"class": "counterfoil.platform.logs.ErrorMail", "level": "ERROR", "filters": ["no_secrets"]},
    },
    "root": {"handlers": ["console", *(["mail"] if ADMINS else [])], "level": "WARNING"},
    # Django has handlers of its own for its requests; ours see everything once.
    "loggers": {"django": {"handlers": [], "propagate": True}, "counterfoil": {"level": LOG_LEVEL}},
}
# The first: an index of bill runs has columns that only PostgreSQL can use. Nobody must know of it.
SILENCED_SYSTEM_CHECKS = ["models.W040", *(["security.W004", "security.W008"] if not PRODUCTION else [])]
_env.settle()
