"""The verdicts as one HTML file that needs no network.

page.html, style.css and script.js are the page, with a file here for each of its parts. markup.py
makes elements and escapes every text. May import verification, papers, experiments, files,
versions.
"""

from .page import render, write_report
from .pictures import find_studies
from .saved import read_result

__all__ = ["find_studies", "read_result", "render", "write_report"]
