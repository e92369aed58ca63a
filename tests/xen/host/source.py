# SPDX-License-Identifier: MIT
"""What is built of a Debian source package, once for each version of it."""
import shutil

import apt
from settings import CACHE, digest, locked, run


def built(codename, package, product, recipe, build):
    """The path of PRODUCT. RECIPE: what else it depends on. BUILD(HOME) is called with the package's files in HOME / "source",
    and returns where it made PRODUCT."""
    archive = apt.Archive(codename, "deb-src")
    archive.refresh()
    files = archive.source(package, "--print-uris")
    home = CACHE / f"{package}-{digest(files, *recipe)}"
    with locked(home.name):
        if not (home / product).exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            archive.source(package, folder=home)
            run("dpkg-source", "-x", next(home.glob("*.dsc")), "source", cwd=home)
            # It moves last: what is there is whole.
            build(home).rename(home / product)
            for folder in ("build", "source"):
                shutil.rmtree(home / folder, ignore_errors=True)
    return home / product
