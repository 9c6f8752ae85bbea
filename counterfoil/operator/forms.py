"""Forms about the areas and brands that customers belong to, for administrators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.operator import operations
from counterfoil.operator.models import Area, Brand
from counterfoil.platform.doors import OperationForm, Saved


class _AddNameForm(OperationForm):
    name = forms.CharField(max_length=60)

    @property
    def context_line(self) -> str:
        return ""

    @property
    def home(self) -> str:
        return reverse("people")

    def arguments(self) -> dict[str, Any]:
        return {"name": self.cleaned_data["name"]}

    def saved(self, result: Area | Brand) -> Saved:
        return Saved(f"{result.name} added.", self.home)


class AddAreaForm(_AddNameForm):
    operation = operations.add_area
    caption = "Add area"
    button = "Add area"


class AddBrandForm(_AddNameForm):
    operation = operations.add_brand
    caption = "Add brand"
    button = "Add brand"
