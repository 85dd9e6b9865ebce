"""The ledger run: its evidence, the report of a run, and the theorems that a dictionary meets.

Instances are drawn, both sides of every statement evaluated, the worst case searched for, and the
outcome compared with the recorded verdict. May import papers, claims, ops, sampling, metrics,
checks, groups, files, notation.
"""

from ..papers.ledger import LEDGER
from ..papers.row import KINDS, VERDICTS
from .design import DesignReport, check_design
from .dictionary import DictionaryReport, check_dictionary
from .report import RowResult, VerificationReport
from .run import explain, find_row, verify
from .samples import certify_samples
from .sparse_dictionary import SparseDictionaryReport, check_sparse_dictionary

__all__ = [
    "DesignReport",
    "DictionaryReport",
    "KINDS",
    "LEDGER",
    "RowResult",
    "SparseDictionaryReport",
    "VERDICTS",
    "VerificationReport",
    "certify_samples",
    "check_design",
    "check_dictionary",
    "check_sparse_dictionary",
    "explain",
    "find_row",
    "verify",
]
