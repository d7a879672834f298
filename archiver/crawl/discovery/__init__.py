"""Where a site tells which pages it has: one module a source."""
