# SPDX-License-Identifier: MIT
"""This tree's Debian packages, built as a user would build them, and what lintian says of them."""
import os
import shutil
from pathlib import Path

import apt
import build
import images
from settings import BUILD_PACKAGES, CACHE, TREE, LabError, digest, locked, run, step

# What building packages takes beside what building takes; systemd's part has had two names.
TOOLS = ["debhelper", "lintian"]
SYSTEMD = {"bookworm": "systemd", "trixie": "systemd-dev"}


def root_of(release):
    """A root file system in which this release's packages are built and checked."""
    wanted = [*BUILD_PACKAGES, *TOOLS, SYSTEMD[release]]
    home = images.keep(
        "build", f"debs-{release}", digest(wanted, apt.sources(release)),
        f"root for packages of {release}",
        lambda home: images.bootstrap(release, wanted, home / "root"),
    )  # fmt: skip
    return home / "root"


def main(release):
    print(root_of(release))

import sys
main(sys.argv[1])
