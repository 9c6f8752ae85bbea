"""About this installation, from the environment. Every variable is in docs/operating/configuration.md.

Policy that the owner may change (buckets, terms, tax rates, letterhead) is rows in the database, not settings.
"""

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

HERE = Path(__file__).resolve().parent
BASE = HERE.parent


def _flag(name: str, default: str = "0") -> bool:
    return os.environ.get(name, default).lower() in ("1", "true", "yes", "on")


# local: one machine, listens on the loopback address only, makes its own secret.
# production: refuses to start insecurely.
MODE = os.environ.get("COUNTERFOIL_MODE", "local")
if MODE not in ("local", "production"):
    raise ImproperlyConfigured(f"COUNTERFOIL_MODE is “{MODE}”. Set it to local or production.")
PRODUCTION = MODE == "production"
DEBUG = False
DATA_DIR = Path(os.environ.get("COUNTERFOIL_DATA_DIR", "var")).resolve()


def _secret_key() -> str:
    if value := os.environ.get("SECRET_KEY"):
        return value
    if PRODUCTION:
        return ""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        path.write_text(secrets.token_urlsafe(50))
        path.chmod(0o600)
    return path.read_text().strip()


SECRET_KEY = _secret_key()
# Keys for secrets at rest, the newest first; without any, the secret key serves.
ENCRYPTION_KEYS = [key for key in os.environ.get("ENCRYPTION_KEYS", "").split(",") if key] or [SECRET_KEY]
ALLOWED_HOSTS = [host for host in os.environ.get("ALLOWED_HOSTS", "").split(",") if host]
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://localhost:8000").rstrip("/")
DATABASE_URL = os.environ.get("DATABASE_URL", f"sqlite:///{DATA_DIR / 'counterfoil.sqlite3'}")
if PRODUCTION:
    _missing = [
        reason
        for reason, wrong in {
            "SECRET_KEY must be set, 50 random characters or more": len(SECRET_KEY) < 50,
            "ALLOWED_HOSTS must name the host names people use, without *": not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS,
            "PUBLIC_URL must start with https://": not PUBLIC_URL.startswith("https://"),
            "DATABASE_URL must be set": "DATABASE_URL" not in os.environ,
            "EMAIL_HOST must be set": "EMAIL_HOST" not in os.environ,
        }.items()
        if wrong
    ]
    if _missing:
        raise ImproperlyConfigured("Production refuses to start: " + "; ".join(_missing) + ".")
else:
    ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]", "testserver"]

INSTALLED_APPS = [
    "counterfoil.trail",
    "counterfoil.platform",
    "counterfoil.staff",
    "counterfoil.documents",
    "counterfoil.customers",
    "counterfoil.catalogue",
    "counterfoil.ledger",
    "counterfoil.messaging",
    "counterfoil.access",
    "counterfoil.subscriptions",
    "counterfoil.receivables",
    "counterfoil.sales",
    "counterfoil.usage",
    "counterfoil.billing",
    "counterfoil.payments",
    "counterfoil.reports",
    "counterfoil.imports",
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

DATABASES: dict[str, Any] = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=60)}
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
    Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
else:
    _database["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "staff.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
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
ACCOUNT_FORMS = {"login": "counterfoil.desk.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,5/900s/key", "login": "120/m/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if _flag("COUNTERFOIL_BEHIND_PROXY") else 0
PASSWORD_RESET_TIMEOUT = 3600
MFA_ADAPTER = "counterfoil.staff.sign_in.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Browsers hold passkeys for https and for the machine itself.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# How long a page may lie untouched before it asks who is there; 0 is for ever.
IDLE_MINUTES = int(os.environ.get("IDLE_MINUTES", "60"))
OIDC_ISSUER = os.environ.get("OIDC_ISSUER", "").rstrip("/")
SOCIALACCOUNT_ADAPTER = "counterfoil.staff.sign_in.SingleSignOnAdapter"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if OIDC_ISSUER:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": os.environ.get("OIDC_NAME", "Single sign-on"),
                "client_id": os.environ.get("OIDC_CLIENT_ID", ""),
                "secret": os.environ.get("OIDC_CLIENT_SECRET", ""),
                "settings": {"server_url": OIDC_ISSUER},
            }
        ],
    }
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = os.environ.get("TIME_ZONE", "Africa/Johannesburg")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = os.environ.get("COUNTERFOIL_STATIC_DIR", str(DATA_DIR / "static"))
WHITENOISE_USE_FINDERS = not PRODUCTION
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
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

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# Without a mail server, links to set a password become files in the outbox, as messages do.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if 'EMAIL_HOST' in os.environ else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = str(DATA_DIR / "outbox")
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _flag("EMAIL_USE_TLS")
EMAIL_USE_SSL = _flag("EMAIL_USE_SSL")
EMAIL_TIMEOUT = 20
# What takes messages out of the house. A local installation without a mail server keeps them as files.
_MAIL = "smtp.connector.SmtpChannel" if "EMAIL_HOST" in os.environ else "outbox.connector.OutboxChannel"
MESSAGE_CHANNELS = {"email": f"counterfoil.connectors.{_MAIL}"}
# How long a message waits for Undo before it leaves, in seconds.
# Where the newest seal is put once a day, out of reach of whoever owns the database.
ANCHOR_FILE = os.environ.get("ANCHOR_FILE", "")
ANCHOR_TO = [address.strip() for address in os.environ.get("ANCHOR_TO", "").split(",") if address.strip()]
UNDO_SECONDS = int(os.environ.get("UNDO_SECONDS", "8"))

# The customer portal: how long a sign-in link works, and how long a session lasts.
PORTAL_LINK_MINUTES = int(os.environ.get("PORTAL_LINK_MINUTES", "20"))
PORTAL_SESSION_HOURS = int(os.environ.get("PORTAL_SESSION_HOURS", "12"))
BEHIND_PROXY = _flag("COUNTERFOIL_BEHIND_PROXY")

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
    SECURE_SSL_REDIRECT = not _flag("COUNTERFOIL_PLAIN_HTTP_BEHIND_PROXY")
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
ADMINS = [("", address.strip()) for address in os.environ.get("ERRORS_TO", "").split(",") if address.strip()]
SERVER_EMAIL = os.environ.get("ERRORS_FROM", "counterfoil@localhost")
EMAIL_SUBJECT_PREFIX = "[Counterfoil] "
# Asked for as a bearer token at /metrics; without one only the machine itself is answered.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
LOG_LEVEL = os.environ.get("LOG_LEVEL", "INFO" if PRODUCTION else "WARNING")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "counterfoil.platform.logs.Context"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {request_id} {message}", "style": "{"},
        "json": {"()": "counterfoil.platform.logs.Json"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": os.environ.get("LOG_FORMAT", "json" if PRODUCTION else "line"),
            "filters": ["context"],
        },
        "mail": {"class": "counterfoil.platform.logs.ErrorMail", "level": "ERROR"},
    },
    "root": {"handlers": ["console", *(["mail"] if ADMINS else [])], "level": "WARNING"},
    # Django has handlers of its own for its requests; ours see everything once.
    "loggers": {"django": {"handlers": [], "propagate": True}, "counterfoil": {"level": LOG_LEVEL}},
}
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"] if not PRODUCTION else []
