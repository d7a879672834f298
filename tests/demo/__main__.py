"""Serve the demonstration site, archive it, and show what was kept."""

import os
import sys

from archiver.cli import main
from tests.demo import served

with served() as demo:
    os.environ |= {"ARCHIVER_ALLOW_PRIVATE_HOSTS": "1", "ARCHIVER_DELAY": "0"}
    code = main(["crawl", "site", "-a", f"url={demo.url}/", "--table"])
sys.exit(code)
