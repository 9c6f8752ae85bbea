"""Django plumbing with no business word in it."""
