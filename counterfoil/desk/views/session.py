"""Signing in and out is the sign-in package's; ours are the theme, and ending one's sessions."""

from __future__ import annotations

from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from counterfoil.platform.requests import Request
from counterfoil.staff.operations import prefer_theme, sign_out_everywhere


@require_POST
def theme(request: Request) -> HttpResponse:
    """Remember light or dark with the person, so that it follows them to other machines."""
    prefer_theme(request.caller, theme=request.POST.get("theme", "system"))
    return HttpResponse(status=204) if request.htmx else HttpResponseRedirect("/")


@require_POST
def end_sessions(request: Request) -> HttpResponse:
    """Sign out here and everywhere else."""
    sign_out_everywhere(request.caller)
    logout(request)
    return redirect("sign-in")
