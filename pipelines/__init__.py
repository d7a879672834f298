"""Where a record goes: one file a sink, one line in the settings."""
