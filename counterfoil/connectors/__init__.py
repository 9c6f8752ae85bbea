"""Implementations of what the apps need from the outside, one folder each. They return values and write nothing."""
