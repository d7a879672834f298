"""What is kept of the pages: where it lies, how it is written, how it is read back."""
