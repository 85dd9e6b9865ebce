"""How close an estimate is to the truth: dictionaries, spans, supports, clusterings. May import checks, groups, numpy, scipy.

Every score that chance alone can raise is returned with, or has a companion for, what chance
reaches.
"""

from .closeness import Closeness, Nearness, closeness, matched_distance, nearness
from .clustering import clustering_accuracy, clustering_chance
from .dictionaries import DictionaryMatch, dictionary_error, match_dictionaries, principal_angles
from .supports import SupportRecovery, support_recovery

__all__ = [
    "Closeness",
    "DictionaryMatch",
    "Nearness",
    "SupportRecovery",
    "closeness",
    "clustering_accuracy",
    "clustering_chance",
    "dictionary_error",
    "match_dictionaries",
    "matched_distance",
    "nearness",
    "principal_angles",
    "support_recovery",
]
