"""The packages of the wheel. Everything else about the project stands in pyproject.toml.

In a checkout `spiders` and `pipelines` are top-level folders, where Scrapy's users look for
them. No wheel may put such names into site-packages, so there they lie within `archiver`.
"""

from setuptools import find_packages, setup

GUESTS = find_packages(include=["spiders", "spiders.*", "pipelines", "pipelines.*"])

setup(
    packages=[*find_packages(include=["archiver", "archiver.*"]), *(f"archiver.{name}" for name in GUESTS)],
    package_dir={f"archiver.{name}": name.replace(".", "/") for name in GUESTS},
)
