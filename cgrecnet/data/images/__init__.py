"""Images in files: what their names say, how their pixels are read, and what is refused."""
