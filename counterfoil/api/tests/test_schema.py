"""Everything that the description allows, and much that it does not: no answer that it does not name, and no error."""

from __future__ import annotations

import schemathesis

from counterfoil.site.wsgi import application

schemathesis_schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
