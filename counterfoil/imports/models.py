"""What was brought in from files: each run with its totals, and each record by its own key, so twice adds nothing."""

from typing import ClassVar

from django.db import models

from counterfoil.platform.kept import Kept, KeptWith


class ImportRun(models.Model):
    """One file brought in."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    source = models.CharField(max_length=60)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    totals = models.JSONField(default=dict)
    author = models.CharField(max_length=120)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.file_name} at {self.at}"


class ImportedRecord(models.Model):
    """A record that came from a source under a key; the same key with other content is an error."""

    kept_with: ClassVar[KeptWith] = KeptWith(("run",))

    append_only: ClassVar[bool] = True

    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="records")
    source = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=160)
    fingerprint = models.CharField(max_length=64)
    object_id = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "kind", "key"], name="imported_record_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class ParkedRow(models.Model):
    """A record of a file that matched nobody, or that a rule refused, until somebody decides about it."""

    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="parked")
    source = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=160)
    currency = models.CharField(max_length=3)
    # How its cells are read: the mapping, and what its columns left no doubt about.
    mapping = models.TextField()
    answers = models.JSONField(default=dict)
    # (row, cells by column) of each row of the file that it stands in.
    rows = models.JSONField()
    problem = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "kind", "key"], name="parked_once")]

    @property
    def first_row(self) -> int:
        """The row of the file that it begins in."""
        return int(self.rows[0][0])

    @property
    def called(self) -> str:
        """What people call such a record."""
        return "Payment" if self.kind == "receipt" else self.kind.capitalize()

    @property
    def cells(self) -> list[str]:
        """What the file says, without what is blank."""
        return [f"{column}: {cell}" for _, cells in self.rows[:1] for column, cell in sorted(cells.items()) if cell]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Upload(models.Model):
    """A file that somebody uploaded and has not imported yet. It waits two days at most."""

    user_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name


class SavedMapping(models.Model):
    """How the columns of a kind of file become records, under a name."""

    kept: ClassVar[Kept] = Kept()

    name = models.CharField(max_length=60, unique=True)
    text = models.TextField()

    def __str__(self) -> str:
        return self.name
