"""For mkdocs: names of pages in the text, such as `docs/engine.md`, become links; in the repository they are paths."""
import posixpath
import re


def on_page_markdown(markdown, page, files, **_):
    def link(match):
        if files.get_file_from_path(match[1]) is None:
            return match[0]
        return f"[{match[1]}]({posixpath.relpath(match[1], posixpath.dirname(page.file.src_uri) or '.')})"

    return re.sub(r"(?<!\[)`docs/([\w./-]+\.md)`", link, markdown)
