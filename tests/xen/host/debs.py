# SPDX-License-Identifier: MIT
"""This tree's Debian packages, built as a user would build them, and lintian's word on them."""
import os
import shlex
import shutil

import apt
import build
import images
from settings import BUILD_PACKAGES, CACHE, TREE, digest, locked, run, step

# What packages take beside what building takes; the part of systemd's has had two names.
TOOLS = ["build-essential", "debhelper", "lintian"]
SYSTEMD = {"bookworm": "systemd", "trixie": "systemd-dev"}
USER = "nobody"

MAKE = """set -e
cd {place}/source
export HOME={place} DEB_BUILD_OPTIONS={options}
dpkg-buildpackage -us -uc -b
echo ==== lintian
lintian -EviI --pedantic --fail-on error,warning ../*.changes
"""


def root_of(release):
    """A root file system in which this release's packages are built and checked, as a folder."""
    wanted = [*BUILD_PACKAGES, *TOOLS, SYSTEMD[release]]
    home = images.keep(
        "build", f"debs-{release}", digest(wanted, apt.sources(release)),
        f"root for packages of {release}",
        lambda home: images.bootstrap(release, wanted, home / "root"),
    )  # fmt: skip
    return home / "root"


def make(release):
    """The .deb files for a release, made from a clean copy of the tree by a user without a network,
    and found clean by lintian. A tree that has not changed is not built again. DEB_BUILD_OPTIONS of
    the environment count, such as nocheck."""
    options = os.environ.get("DEB_BUILD_OPTIONS", "")
    root = root_of(release)
    place = root / "debs" / digest(str(TREE))
    names = [name for name in build.tree_files() if not name.startswith("tests/xen/")]
    with locked(f"debs-{release}-{digest(str(TREE))}"):
        key = digest(options, *[part for name in names for part in (name, TREE / name)])
        stamp = place / "stamp"
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != key:
            shutil.rmtree(place, ignore_errors=True)
            build.update(place / "source", names)
            with step(f"packages for {release}"):
                make_in(release, root, place, options)
            stamp.write_text(key, encoding="utf-8")
    return sorted(place.glob("*.deb"))


def make_in(release, root, place, options):
    run("chown", "-R", USER, place)
    log = CACHE / f"xengt-debs-{release}.log"
    script = MAKE.format(
        place=f"/{os.path.relpath(place, root)}", options=shlex.quote(options)
    )  # fmt: skip
    build.in_root(root, script, log, "no packages", ["--net"], USER)
