"""Facts: files by their hash. What was once sent or stored never changes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept


class StoredFile(models.Model):
    """The bytes of one file, stored once whatever it is called (decision 0007)."""

    # Its hash is that of the content.
    kept: ClassVar[Kept] = Kept(but=("content",))

    # Never changed, but for the content of a person who is erased: what is left is its hash.
    frozen: ClassVar[Frozen] = Frozen(
        update="length(NEW.content) <> 0 OR NEW.erased_at IS NULL OR OLD.erased_at IS NOT NULL "
        "OR OLD.sha256 <> NEW.sha256 OR OLD.mime <> NEW.mime OR OLD.size <> NEW.size OR OLD.id <> NEW.id",
        delete="1=1",
    )

    sha256 = models.CharField(max_length=64)
    mime = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            # What is erased stays erased: the same bytes, stored again, are another row.
            models.UniqueConstraint(fields=["sha256"], condition=Q(erased_at=None), name="stored_file_once"),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]
