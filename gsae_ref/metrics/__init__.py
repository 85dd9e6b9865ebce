"""How close an estimate is to the truth: dictionaries, spans, supports, clusterings.

May import checks, groups, numpy, scipy. Scores that a random estimate can raise come with their
chance level.
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
