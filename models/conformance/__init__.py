"""Two tiny bundles with fixed weights, and the check that any bundle must pass."""
