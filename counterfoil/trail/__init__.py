"""What happened: events written by operations, append-only, sealed in batches."""
