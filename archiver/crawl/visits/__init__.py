"""Visits: what is known of each page from the last time it was asked for, and when it is to be asked for again."""
