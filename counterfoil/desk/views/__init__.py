"""Requests into arguments, results into pages. No view is longer than its idea."""
