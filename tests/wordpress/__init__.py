"""A real WordPress of the distribution's packages, filled, crawled and changed: `make test-wordpress`."""
