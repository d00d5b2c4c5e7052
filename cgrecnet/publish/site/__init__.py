"""From the built book to a published site: slim files, addresses and previews, one archive, one PDF."""
