"""What every page and every part of one must fulfil."""

import re
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "input"}


class Structure(HTMLParser):
    """Checks that tags close in order; collects ids, references and headings."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.references, self.sources = [], [], [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.references += re.findall(r"url\(#([^)]+)\)", " ".join(str(value) for value in given.values()))
        for name in ("href", "xlink:href", "src"):
            if name in given:
                self.sources.append(given[name])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def structure(text):
    parser = Structure()
    parser.feed(text)
    assert parser.open == []
    return parser


def check_self_contained(text):
    parsed = structure(text)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert set(parsed.references) <= set(parsed.ids)
    for source in parsed.sources:
        assert source.startswith(("data:", "#")), source
        if source.startswith("#"):
            assert source[1:] in parsed.ids
    assert "<script" not in text
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    return parsed
