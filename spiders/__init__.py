"""Which pages, in which order. Scrapy finds the spiders here by their names."""
