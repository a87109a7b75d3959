# SPDX-License-Identifier: MIT
"""What MkDocs adds to docs/ when it builds the site: generated pages, and pages that stand elsewhere in the repository.

The program that is described is the one named by the environment variable KNACK, or that of the build `release`. The
reference of the SDK's headers is left out where there is no Doxygen.
"""
import os
import pathlib
import re
import shutil
import sys
import tempfile

from mkdocs.structure.files import File, Files

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
import generate  # noqa: E402
import site_pages  # noqa: E402

PAGES_ELSEWHERE = {
    "reference/recipes.md": "configs/README.md",
    "reference/models/index.md": "models/README.md",
    "explanation/parity.md": "tests/parity/README.md",
    "explanation/benchmarks.md": "bench/README.md",
    "project/changelog.md": "CHANGELOG.md",
    "project/contributing.md": "CONTRIBUTING.md",
    "project/security.md": "SECURITY.md",
    "project/fuzzing.md": "tests/fuzz/README.md",
}
PAGES_ELSEWHERE |= {f"reference/models/{path.parent.name}.md": str(path.relative_to(ROOT))
                    for path in ROOT.glob("models/*/README.md")}
PAGES_ELSEWHERE |= {f"reference/{path.parts[-3]}/{path.parent.name}.md": str(path.relative_to(ROOT))
                    for path in ROOT.glob("plugins/*/*/README.md")}
PLACES = {where: page for page, where in PAGES_ELSEWHERE.items()}  # of the repository's files in the site

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
BLOCK = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
made = []  # the temporary folder of the pages that are added, while a site is built


def on_files(files, config):
    """The pages and images of docs/, without the programs beside them, and the pages that are added to them."""
    made.append(tempfile.TemporaryDirectory(prefix="knack-pages-"))
    folder = pathlib.Path(made[-1].name)
    knack = os.environ.get("KNACK", str(ROOT / "build/release/bin/knack"))
    generate.write_pages(knack, folder / "reference")
    site_pages.write(knack, folder / "reference", PAGES_ELSEWHERE)
    if shutil.which("doxygen"):
        generate.write_api(folder / "reference")
        shutil.rmtree(folder / "reference/xml")
    for page, path in PAGES_ELSEWHERE.items():
        (folder / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, folder / page)
    added = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
    ours = str(ROOT / "docs") + os.sep  # the others are those of the theme
    kept = [file for file in files if file.src_uri.endswith((".md", ".png")) or not file.abs_src_path.startswith(ours)]
    return Files(kept + [File(path, str(folder), config["site_dir"], config["use_directory_urls"]) for path in added])


def relinked(match, page, files):
    """A link that leads to the same file in the site; its text alone if the site does not have that file."""
    image, text, target, fragment = match.groups()
    if ":" in target:
        return match.group()
    origin = PAGES_ELSEWHERE.get(page, "docs/" + page)
    path = os.path.normpath(os.path.join(os.path.dirname(origin), target))
    inside = PLACES.get(path, path.removeprefix("docs/"))
    if inside not in files.src_uris and f"{inside}/README.md" in files.src_uris:
        inside += "/README.md"
    if inside not in files.src_uris:
        return text
    return f"{image}[{text}]({os.path.relpath(inside, os.path.dirname(page) or '.')}{fragment or ''})"


def on_page_markdown(markdown, page, config, files):
    """Links as relinked() makes them, and what errors refer to linked; blocks of code stay as they are."""
    path = page.file.src_uri
    pieces = BLOCK.split(markdown)
    pieces[::2] = [LINK.sub(lambda match: relinked(match, path, files), piece) for piece in pieces[::2]]
    if path.startswith("errors/E"):
        pieces[-1] = re.sub(r"\bE0\d{3}\b", lambda code: f"[{code.group()}]({code.group()}.md)", pieces[-1])
    return "".join(pieces)


def on_post_build(config):
    made.pop().cleanup()
