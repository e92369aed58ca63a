# SPDX-License-Identifier: MIT
"""The consoles' lines: to the screen with a prefix each, and to a file each, with the seconds of
the host's clock since the run began."""
import collections
import os
import shutil
import sys
import time
from pathlib import Path

from settings import CACHE

KEPT = 8


class Logs:
    def __init__(self, folder=None):
        if folder:
            self.folder = Path(folder)
        else:
            runs = CACHE / "runs"
            runs.mkdir(parents=True, exist_ok=True)
            for old in sorted(runs.iterdir())[: -KEPT + 1]:
                shutil.rmtree(old, ignore_errors=True)
            self.folder = runs / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start = time.monotonic()
        self.files = {}
        self.tails = {}

    def write(self, tag, text, quiet=False):
        if tag not in self.files:
            name = tag.replace("/", "_").replace(":", "-")
            self.files[tag] = open(self.folder / f"{name}.log", "a", encoding="utf-8")
            self.tails[tag] = collections.deque(maxlen=20)
        self.files[tag].write(f"[{time.monotonic() - self.start:8.2f}] {text}\n")
        self.files[tag].flush()
        self.tails[tag].append(text)
        if not quiet:
            print(f"{tag}| {text}", flush=True)

    def failure(self):
        """The last lines of every console, and where the rest is."""
        for tag, lines in sorted(self.tails.items()):
            print(f"---- last lines of {tag}", file=sys.stderr)
            for line in lines:
                print(f"{tag}| {line}", file=sys.stderr)
        print(f"lab: logs are in {self.folder}", file=sys.stderr, flush=True)
