"""The documentation as a site: built without a warning, its links lead somewhere, it fits narrow windows."""
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

SOURCE = Path(__file__).resolve().parents[2]
DOCS = SOURCE / "docs"
SKIPPED = 77  # for ctest


class Page(HTMLParser):
    """The addresses and names of a page."""

    def __init__(self, path):
        super().__init__()
        self.path, self.links, self.names, self.scripts = path, [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.names |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        self.links += [(tag, attributes[key]) for key in ("href", "src") if attributes.get(key) is not None]


def to_file(page, address):
    """The file that a relative address means, or None for one elsewhere."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    return (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path


class SiteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.site = Path(os.path.realpath(directory.name)) / "site"
        cls.build = subprocess.run(["mkdocs", "build", "--strict", "--site-dir", cls.site], cwd=SOURCE, capture_output=True, text=True)
        cls.pages = {path: Page(path) for path in sorted(cls.site.rglob("*.html"))}

    def test_it_is_built_without_a_warning(self):
        self.assertEqual(self.build.returncode, 0, self.build.stderr)
        said = [line for line in self.build.stderr.splitlines() if not line.startswith("INFO ")]
        self.assertEqual(said, [])
        self.assertNotIn("not included in the", self.build.stderr)  # pages that the navigation lacks: only an INFO
        self.assertEqual(len(self.pages), len(list(DOCS.rglob("*.md"))) + 2)  # search.html, 404.html

    def test_links_lead_somewhere(self):
        for page in self.pages.values():
            if page.path.name == "404.html":  # absolute addresses
                continue
            for _, address in page.links:
                file = to_file(page, address)
                if file is None:
                    continue
                self.assertTrue(file.is_file(), f"{page.path.name}: {address}")
                fragment = urldefrag(address).fragment
                if fragment and file in self.pages:
                    self.assertIn(unquote(fragment), self.pages[file].names | {""}, f"{page.path.name}: {address}")

    def test_nothing_comes_from_another_host(self):
        for page in self.pages.values():
            for tag, address in page.links:
                self.assertTrue(tag == "a" or urlsplit(address).netloc == "" or page.path.name == "404.html", f"{page.path.name}: {address}")

    def test_names_of_pages_are_links(self):
        for page in self.pages.values():
            text = page.path.read_text(encoding="utf-8")
            for name in re.findall(r"(?<!\">)<code>docs/([\w/-]+\.md)</code>", text):
                self.assertFalse((DOCS / name).exists(), f"{page.path.name}: docs/{name}")
        engine = next(page for path, page in self.pages.items() if path.name == "architecture.html")
        self.assertIn(("a", "python.html"), engine.links)

    def serve(self):
        handler = partial(SimpleHTTPRequestHandler, directory=str(self.site))
        handler.func.log_message = lambda *_: None
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def chromium(self, address, *arguments):
        with tempfile.TemporaryDirectory() as profile:
            return subprocess.run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--hide-scrollbars",
                                   f"--user-data-dir={profile}", *arguments, address], capture_output=True, text=True, timeout=300)

    @unittest.skipUnless(shutil.which("chromium"), "Chromium is not installed")
    def test_nothing_scrolls_sideways_at_1280_and_400(self):
        pages = [path.relative_to(self.site).as_posix() for path in self.pages if path.name != "404.html"]
        frames = self.site / "frames.html"
        self.addCleanup(frames.unlink)
        frames.write_text(f"""<!DOCTYPE html><meta charset=utf-8><body><script>
            const pages = {pages}, widths = [1280, 400], say = text => document.body.insertAdjacentText("beforeend", text);
            const look = (page, width) => new Promise(resolve => {{
                const frame = document.createElement("iframe");
                frame.width = width; frame.height = 900; frame.style.border = 0; frame.src = page;
                frame.onload = () => {{
                    const root = frame.contentDocument.documentElement, body = frame.contentDocument.body;
                    const content = frame.contentDocument.querySelector("main");
                    const beyond = Math.max(...[root, body, content].map(e => e.scrollWidth - e.clientWidth));
                    say(`[${{page}} ${{width}} ${{beyond}} ${{content.clientWidth}}]`);
                    frame.remove(); resolve();
                }};
                document.body.append(frame);
            }});
            (async () => {{ for (const page of pages) for (const width of widths) await look(page, width); say("[all]"); }})();
            </script>""", encoding="utf-8")
        process = self.chromium(f"{self.serve()}/frames.html", "--virtual-time-budget=60000", "--dump-dom")
        self.assertIn("[all]", html.unescape(process.stdout.partition("</script>")[2]), process.stderr[-2000:])
        found = {(page, int(width)): (int(beyond), int(inside)) for page, width, beyond, inside
                 in re.findall(r"\[([\w/.-]+) (\d+) (-?\d+) (\d+)\]", process.stdout)}
        self.assertEqual({key: beyond for key, (beyond, _) in found.items()}, {(page, width): 0 for page in pages for width in (1280, 400)})
        self.assertTrue(all(300 < inside <= 400 for (_, width), (_, inside) in found.items() if width == 400), found)
        self.assertEqual([line for line in process.stderr.splitlines() if "CONSOLE" in line], [])

    @unittest.skipUnless(shutil.which("chromium"), "Chromium is not installed")
    def test_search_finds_a_page(self):
        process = self.chromium(f"{self.serve()}/search.html?q=power+cut", "--virtual-time-budget=20000", "--dump-dom")
        results = process.stdout.partition('id="found"')[2]
        self.assertIn("crash-safety.html", results)
        self.assertNotIn("CONSOLE", process.stderr)


if __name__ == "__main__":
    if shutil.which("mkdocs") is None:
        print("SKIPPED: mkdocs is not installed, so the documentation is not built as a site (apt-get install mkdocs)")
        sys.exit(SKIPPED)
    unittest.main()
