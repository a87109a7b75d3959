# SPDX-License-Identifier: MIT
"""The site of the documentation is built without a warning, is whole, and asks no other host: site_test.py KNACK REPOSITORY"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import repository

ROOT = repository.root()
KNACK = pathlib.Path(sys.argv.pop()).resolve()
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data", "link": "href"}


class Page(HTMLParser):
    """What a page links to, what it fetches, its anchors, and its text outside of code."""

    def __init__(self, path):
        super().__init__()
        self.links, self.fetched, self.anchors, self.text = [], [], set(), []
        self.code = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        fetched = attributes.get(FETCHED.get(tag, ""))
        if fetched and attributes.get("rel") != "canonical":
            self.fetched.append(fetched)
        self.code += tag in ("code", "script", "style")

    def handle_endtag(self, tag):
        self.code -= tag in ("code", "script", "style")

    def handle_data(self, data):
        if not self.code:
            self.text.append(data)


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = tempfile.TemporaryDirectory(prefix="knack-site-")
        cls.addClassCleanup(made.cleanup)
        cls.site = pathlib.Path(made.name).resolve() / "site"
        command = ["mkdocs", "build", "--strict", "--config-file", ROOT / "mkdocs.yml", "--site-dir", cls.site]
        built = subprocess.run(command, env={**os.environ, "KNACK": str(KNACK)}, capture_output=True, text=True)
        if built.returncode != 0:
            raise AssertionError(built.stdout + built.stderr)
        cls.said = built.stderr
        # Doxygen's own pages are below reference/api; it answers for the links among them.
        files = [path for path in cls.site.rglob("*.html") if "api" not in path.parts and path.name != "404.html"]
        cls.pages = {path: Page(path) for path in files}

    def target(self, path, link):
        """The file and the anchor that a link of the page at `path` leads to; None if it leaves the site."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            return None
        file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        return (file / "index.html" if file.is_dir() else file), unquote(parts.fragment)

    def test_every_link_leads_to_a_page_and_a_place_on_it(self):
        for path, page in self.pages.items():
            for link in page.links + page.fetched:
                found = self.target(path, link)
                if found is None:
                    continue
                file, anchor = found
                with self.subTest(page=str(path.relative_to(self.site)), link=link):
                    self.assertTrue(file.is_file())
                    self.assertTrue(file.is_relative_to(self.site))
                    if anchor and file in self.pages:
                        self.assertIn(anchor, self.pages[file].anchors)

    def test_every_page_can_be_reached_from_the_first(self):
        reached, waiting = set(), [self.site / "index.html"]
        while waiting:
            path = waiting.pop()
            if path in self.pages and path not in reached:
                reached.add(path)
                waiting += [found[0] for found in (self.target(path, link) for link in self.pages[path].links) if found]
        missed = set(self.pages) - reached
        self.assertEqual(sorted(str(path.relative_to(self.site)) for path in missed), [])
        self.assertGreater(len(reached), 40)

    def test_it_asks_no_other_host(self):
        for path in self.site.rglob("*.html"):
            for fetched in (self.pages.get(path) or Page(path)).fetched:
                self.assertIsNone(re.match(r"(\w+:)?//", fetched), f"{path}: {fetched}")
        for path in self.site.rglob("*.css"):
            text = path.read_text(encoding="utf-8")
            self.assertNotRegex(text, r"(url\(|@import )\s*['\"]?(https?:)?//", str(path))

    def test_no_markdown_is_left_over(self):
        for path, page in self.pages.items():
            text = "".join(page.text)
            for left in ("```", "](", "| ---", "\n- "):
                self.assertNotIn(left, text, str(path))

    def test_the_pages_of_plugins_and_commands_are_those_of_the_program(self):
        tricks = self.site / "reference/plugins/trick.html"
        self.assertLess({"ema", "accumulate"}, self.pages[tricks].anchors)
        self.assertIn("knack-train", self.pages[self.site / "reference/command_line.html"].anchors)


if __name__ == "__main__":
    unittest.main()
