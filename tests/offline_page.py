"""What a page holds: its tags and its text; and whether it opens without a network and runs nothing."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """Tags with their attributes, and the texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.words = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def opened_offline(page: str) -> Page:
    """The page, of which nothing is fetched and nothing is run."""
    found = Page(page)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in found.tags}
    for tag, attributes in found.tags:
        for key in ("src", "href", "xlink:href"):
            assert (attributes.get(key) or "#").startswith(("data:image/png;base64,", "#")), (tag, attributes)
        assert not any(key.startswith("on") for key in attributes)
    return found
