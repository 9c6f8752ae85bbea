"""The form that brings in a file."""

from __future__ import annotations

from django import forms

MOST_BYTES = 20 * 1024 * 1024


class ImportForm(forms.Form):
    """The file, and the mapping that says how its columns become records."""

    use_required_attribute = False

    file = forms.FileField(label="File", help_text="A CSV file with customers, invoices, payments or usage.")
    mapping = forms.FileField(label="Mapping", help_text="A TOML file that says which column is what.")

    def clean_file(self) -> bytes:
        given = self.cleaned_data["file"]
        if given.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 20 MB. Use the import command for it.")
        self.file_name = given.name
        content: bytes = given.read()
        return content

    def clean_mapping(self) -> str:
        given = self.cleaned_data["mapping"]
        try:
            return str(given.read(100_000).decode())
        except UnicodeDecodeError as error:
            raise forms.ValidationError("The mapping is not a text file in UTF-8.") from error
