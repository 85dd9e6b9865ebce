"""The names of a sentence: each has a meaning, and a line on the page about claims."""

from pathlib import Path

import pytest

from gsae_ref.claims import MODELS, WORDS

PAGE = Path(__file__).parents[2] / "docs" / "how_to" / "test_a_claim.md"


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_name_of_a_model_has_a_meaning(model):
    assert set(model.meanings) == set(model.names)


@pytest.mark.parametrize("name", ["groups", "columns"])
def test_every_name_is_on_the_page(name):
    text = PAGE.read_text()
    section = text[text.index(f"### Names of the model `{name}`") :].split("\n#")[0]
    for each, meaning in MODELS[name].meanings.items():
        assert f"| `{each}` | {meaning} |" in section
    for hypothesis in MODELS[name].given:
        assert f'`"{hypothesis}"`' in section


def test_every_word_is_on_the_page():
    text = PAGE.read_text()
    assert all(f"`{word}(" in text for word in WORDS)
