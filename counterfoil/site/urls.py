from django.urls import URLPattern, URLResolver, include, path

from counterfoil.cards.hooks import card_hook
from counterfoil.jobs.feeds import calendar
from counterfoil.network import hooks as radius
from counterfoil.site import operating

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/", operating.health, name="health"),
    path("ready/", operating.ready, name="ready"),
    path("metrics", operating.metrics_page, name="metrics"),
    path("hooks/cards/<str:kind>/", card_hook, name="card-hook"),
    path("radius/authorize", radius.authorize, name="radius-authorize"),
    path("radius/accounting", radius.accounting, name="radius-accounting"),
    # For a RADIUS server that cannot send a header.
    path("radius/<str:token>/authorize", radius.authorize, name="radius-authorize-by-token"),
    path("radius/<str:token>/accounting", radius.accounting, name="radius-accounting-by-token"),
    path("calendar/<str:token>.ics", calendar, name="job-calendar"),
    path("portal/", include("counterfoil.portal.urls")),
    path("pay/", include("counterfoil.portal.open_urls", namespace="pay")),
    path("api/v1/", include("counterfoil.api.urls")),
    path("", include("counterfoil.questions.urls")),
    path("", include("counterfoil.desk.urls")),
]
