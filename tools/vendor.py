"""Copies the style sheets and scripts of others into src/web/static/vendor, and writes what they are.

Run after changing a version in package.json:

    npm install --ignore-scripts --omit-lockfile-registry-resolved && python tools/vendor.py

The copies are committed, so that neither an installation nor the tests need Node; `tests/web/test_assets.py` compares
them with MANIFEST.json. Of hds-core only the base is taken: design tokens as CSS variables. Its components carry the
look of one city (fonts, koro shapes) and weigh more than a form page may; ours are in kuulolla.css, over its tokens.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src" / "web" / "static" / "vendor"


class Wanted(NamedTuple):
    """One file of a package."""

    package: str
    source: str
    target: str


WANTED = (
    Wanted("hds-core", "lib/base.min.css", "hds-core/base.min.css"),
    Wanted("hds-core", "LICENSE", "hds-core/LICENSE"),
    Wanted("htmx.org", "dist/htmx.min.js", "htmx/htmx.min.js"),
    Wanted("htmx.org", "LICENSE", "htmx/LICENSE"),
)


def main() -> int:
    """Copy, then write the manifest."""
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    files = []
    for wanted in WANTED:
        installed = json.loads((MODULES / wanted.package / "package.json").read_text(encoding="utf-8"))
        version = locked[f"node_modules/{wanted.package}"]["version"]
        if installed["version"] != version:
            print(f"{wanted.package}: {installed['version']} is installed, {version} is locked: run npm ci first")
            return 1
        content = _without_source_map((MODULES / wanted.package / wanted.source).read_bytes())
        target = VENDOR / wanted.target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        files.append(
            {
                "path": wanted.target,
                "package": wanted.package,
                "version": version,
                "licence": installed["license"],
                "source": wanted.source,
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
    manifest = VENDOR / "MANIFEST.json"
    manifest.write_text(json.dumps({"files": files}, indent=2) + "\n", encoding="utf-8")
    print(f"{len(files)} files and {manifest.relative_to(ROOT)}")
    return 0


def _without_source_map(content: bytes) -> bytes:
    """Without the comment that names a source map we do not ship: browsers would ask for it in vain."""
    lines = content.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.lstrip().startswith((b"/*# sourceMappingURL", b"//# source")))


if __name__ == "__main__":
    if not shutil.which("npm") and not MODULES.exists():
        sys.exit("node_modules is missing and so is npm: install Node, then npm ci --ignore-scripts")
    sys.exit(main())
