"""Debit orders as files: what banks are sent, and what they answer. Bytes in, bytes out; nothing here is kept."""
