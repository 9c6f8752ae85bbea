"""Customer accounts, billing and collections for service providers."""
