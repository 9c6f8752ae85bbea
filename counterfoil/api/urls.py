"""Addresses of the API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from counterfoil.api.building import api
from counterfoil.api.pages import nothing_here, reference

urlpatterns: list[URLPattern | URLResolver] = [
    path("", reference, name="api-reference"),
    path("", api().urls),
    re_path("", nothing_here),
]
