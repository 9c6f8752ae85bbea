"""Pages as tests read them."""

from __future__ import annotations

import re


def squeezed(html: str) -> str:
    """Without the white space that only puts a template in shape: one space in text, none around tags."""
    text = re.sub(r"\s+", " ", html)
    return re.sub(r" ?(<[^>]*?) ?>", r"\1>", re.sub(r"> ", ">", re.sub(r" <", "<", text)))
