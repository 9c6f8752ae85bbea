from django.urls import URLPattern, URLResolver, include, path

from counterfoil.site import operating

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/", operating.health, name="health"),
    path("ready/", operating.ready, name="ready"),
    path("metrics", operating.metrics_page, name="metrics"),
    path("portal/", include("counterfoil.portal.urls")),
    path("api/v1/", include("counterfoil.api.urls")),
    path("", include("counterfoil.desk.urls")),
]
