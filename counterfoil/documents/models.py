"""Facts: files by their hash. What was once sent or stored never changes."""

from typing import ClassVar

from django.db import models


class StoredFile(models.Model):
    """The bytes of one file, stored once whatever it is called (decision 0007)."""

    append_only: ClassVar[bool] = True

    sha256 = models.CharField(max_length=64, unique=True)
    mime = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.sha256[:12]
