"""What fields of forms need to know of the installation, and how they read a list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join

from counterfoil.platform.joints import joint


@joint
def home_currency() -> str:
    """One is asked: the currency of the company, where nothing says another."""
    raise NotImplementedError


def text_lines(text: str) -> list[str]:
    """One address or number to a line; commas work too."""
    return [part.strip() for part in text.replace(",", "\n").splitlines() if part.strip()]


class SuggestingInput(forms.TextInput):
    """A line of text with texts to choose from; another may be typed."""

    suggestions: tuple[str, ...] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        if not self.suggestions:
            return super().render(name, value, attrs, renderer)
        key = f"{(attrs or {}).get('id') or name}_list"
        options = format_html_join("", '<option value="{}"></option>', ((text,) for text in self.suggestions))
        control = super().render(name, value, {**(attrs or {}), "list": key, "autocomplete": "off"}, renderer)
        return format_html('{}<datalist id="{}">{}</datalist>', control, key, options)


def suggest(field: forms.Field, texts: list[str]) -> None:
    """These texts are offered where the field is typed."""
    widget = SuggestingInput(attrs={key: value for key, value in field.widget.attrs.items() if key != "placeholder"})
    widget.is_required = field.widget.is_required
    widget.suggestions = tuple(texts)
    field.widget = widget
