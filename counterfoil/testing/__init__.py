"""The test world: builders, a clock, and the check of the books after every test. Imported by tests only."""
