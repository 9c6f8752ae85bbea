"""Signing in and out, and the theme."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from counterfoil.desk.forms import SignInForm
from counterfoil.staff.operations import prefer_theme

sign_in = LoginView.as_view(
    template_name="desk/sign_in.html", authentication_form=SignInForm, redirect_authenticated_user=True
)
sign_out = LogoutView.as_view()


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark with the person, so that it follows them to other machines."""
    prefer_theme(request.caller, theme=request.POST.get("theme", "system"))  # type: ignore[attr-defined]
    return HttpResponse(status=204) if request.htmx else HttpResponseRedirect("/")  # type: ignore[attr-defined]
