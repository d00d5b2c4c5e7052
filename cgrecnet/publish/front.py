"""The page at the root of the book: it leads to the first chapter, and says so to whoever is not led."""

from html import escape


def front_page(title: str, first: str, head: str = "") -> str:
    """HTML with a title, a language and a link. first: address of the first chapter; head: more for the page's head."""
    title = escape(title)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8" /><title>{title}</title>\n'
        f'<meta http-equiv="refresh" content="0; url={escape(first)}" />{head}</head>\n'
        f'<body><p><a href="{escape(first)}">{title}</a></p></body>\n</html>\n'
    )
