"""The addresses of payment links, which open without signing in."""

from __future__ import annotations

from django.urls import URLPattern, path

from counterfoil.portal.views import paying

app_name = "portal"
urlpatterns: list[URLPattern] = [
    path("<str:token>/", paying.link, name="pay-link"),
    path("<str:token>/<str:reference>/", paying.link_back, name="pay-back"),
]
