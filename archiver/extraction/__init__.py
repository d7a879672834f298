"""Extraction: a page is cut into blocks, each block gets a role, and what is kept becomes a Review."""

from archiver.extraction.extract import extract

__all__ = ["extract"]
