"""The names of a sentence: each has a meaning, and a line on the page about claims."""

from pathlib import Path

import pytest

from gsae_ref.claims import WORDS
from gsae_ref.papers.models import MODELS

PAGE = Path(__file__).parents[2] / "docs" / "how_to" / "test_a_claim.md"


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_name_of_a_model_has_a_meaning(model):
    assert set(model.meanings) == set(model.names)


EXTENDED = {"t21": "groups", "n19": "columns"}  # their sections list what they add


def section(name):
    """The part of the page about a model."""
    text = PAGE.read_text()
    return text[text.index(f"### Names of the model `{name}`") :].split("\n#")[0]


@pytest.mark.parametrize("name", MODELS)
def test_every_name_is_on_the_page(name):
    text = section(name) + (section(EXTENDED[name]) if name in EXTENDED else "")
    for each, meaning in MODELS[name].meanings.items():
        assert f"| `{each}` | {meaning} |" in text
    for hypothesis in MODELS[name].given:
        assert f'`"{hypothesis}"`' in text


def test_every_word_is_on_the_page():
    text = PAGE.read_text()
    assert all(f"`{word}(" in text for word in WORDS)
