"""The exact window of thresholds that recover every support: R16, in place of Lemma 1."""
