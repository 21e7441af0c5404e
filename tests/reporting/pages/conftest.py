"""A parser of pages that holds them to their grammar."""

from html.parser import HTMLParser

import pytest

VOID = {"meta", "br", "path", "use", "rect"}


class Balanced(HTMLParser):
    """Collects text and checks that every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.links += [v for k, v in attrs if k in ("src", "href") and v]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.links += [v for k, v in attrs if k in ("src", "href") and v]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parsed(page):
    parser = Balanced()
    parser.feed(page)
    assert not parser.open
    return parser


@pytest.fixture
def parse():
    """Return a function that reads a page whose every element is closed."""
    return parsed
