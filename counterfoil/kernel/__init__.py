"""Pure values shared by every app: no Django, no clock, no I/O."""
