"""Addresses of the API: its reference, its description, and everything else as it is declared."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from counterfoil.api.pages import call, openapi, reference

urlpatterns: list[URLPattern] = [
    path("", reference, name="api-reference"),
    path("openapi.json", openapi, name="openapi"),
    re_path("", call, name="api-call"),
]
