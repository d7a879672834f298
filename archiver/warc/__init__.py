"""The archive: exchanges into WARC files, and pages out of them."""
