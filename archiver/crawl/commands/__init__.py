"""Scrapy's commands that this project replaces (COMMANDS_MODULE), by the name of the module."""
