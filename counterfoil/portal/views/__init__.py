"""Requests into arguments, results into pages. What may be seen is decided in queries, once."""
