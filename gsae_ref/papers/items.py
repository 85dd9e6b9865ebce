"""What the papers number, and the sentences of theirs that can be checked, each with its rows.

``NUMBERED``: by paper, runs of numbered items that have a row of their own: (name, last number,
id); item n is ``name.format(n)``, its row ``id.format(n)``. ``SEVERAL``: numbered items with other
rows. ``SENTENCES``: sentences without a number, by a few of their words, which stand in the paper
and in the first of their rows; further rows are formulas of the same passage, or another reading
of it. Ids are written without the paper's prefix; an item is covered where the ledger has all its
rows. T21 is numbered as in version 2; rows of version 1 stand with the sentence that it changed.
"""

from dataclasses import dataclass

NUMBERED = {
    "T21": (
        ("Eq. ({})", 78, "eq{}"),
        ("Assumption {}", 4, "assumption{}"),
        ("Proposition {}", 2, "prop{}"),
        ("Lemma {}", 1, "lemma{}"),
        ("Theorem {}", 2, "theorem{}"),
        ("Table {}", 1, "table-{}"),
    ),
    "N19": (
        ("Eq. ({})", 16, "eq{}"),
        ("Assumption A{}", 4, "assumption{}"),
        ("Definition {}", 2, "definition{}"),
    ),
    "L23": (
        ("Eq. ({})", 10, "eq{}"),
        ("Assumption {}", 1, "assumption{}"),
        ("Definition {}", 3, "definition{}"),
        ("Lemma {}", 17, "lemma{}"),
        ("Theorem {}", 4, "theorem{}"),
        ("Corollary {}", 1, "corollary{}"),
        ("Algorithm {}", 2, "algorithm{}"),
        ("Table {}", 3, "table{}"),
    ),
}

SEVERAL = {
    "T21": {
        "Figure 1": "eq7",  # a whole group is kept or set to zero
        "Figure 2": "eq11 eq12",
        "Figure 3": "figure-3a figure-3b figure-3c figure-3d simulation start",
        "Figure 4": "figure-4",
        "Figure 5": "figure-5",
    },
    "N19": {
        "Theorem 1": "theorem1i theorem1ii",
        "Theorem 2": "theorem2",
        "Theorem 3": "theorem3i theorem3ii theorem3iii theorem3iii-any-constant theorem3-short",
        "Theorem 4": "theorem4i1 theorem4i2 theorem4i2-step theorem4ii theorem4iii tau",
        "Claim 1": "claim1i claim1ii claim1iii",
        "Claim 2": "claim2",
        "Claim 3": "claim3",
        "Claim 4": "claim4",
        "Lemma 1": "lemma1 lemma1-identity",
        "Lemma 2": "lemma2 descent-k-sparse",
        "Lemma 3": "lemma3 lemma3-step",
        "Lemma 4": "lemma4",
        "Lemma 5": "lemma5 lemma5-proof",
        "Figure 1": "eq2",  # the architecture
        "Figure 2": "figure-2",
        "Figure 3": "figure-3",
    },
    "L23": {
        "Figure 1": "model",  # the architecture
        "Figure 2": "figure2 figure2-stopping",
        "Figure 3": "figure3",
        "Figure 4": "figure4 figure4-rival",
        "Figure 5": "figure5",
        "Figure 6": "figure6 figure6-error",
        "Figure 7": "figure7 figure7-small",
        "Figure 8": "table2",  # the layers whose parameters Table 2 counts
        "Figure 9": "table2",
        "Figure 10": "figure10",
        "Figure 11": "figure11",
        "Figure 12": "figure12",
    },
}

SENTENCES = {
    "T21": (
        ("can a shallow, group-sparse autoencoder recover the generating matrix", "activations"),
        ("can readily be derived as special cases", "special-cases"),
        ("impose orthonormality on ... to ensure uniqueness", "uniqueness"),
        ("Assuming normalized groups, as we will in this work", "mu-order"),
        ("makes this optimization intractable in practice", "intractable"),
        ("as a tractable convex relaxation", "eq5 fixed-support"),
        ("can be directly solved via the theory of proximal operators", "proximal"),
        ("bears a striking similarity to", "relu"),
        ("a nonconvex optimization problem", "eq8"),
        ("implicitly recovers the sparse codes", "proximal"),
        ("the loss function we are minimizing to train the autoencoder", "footnote3"),
        ("the norm condition is more easily satisfied", "looser-in-experiments"),
        ("the number of non-zero groups is at most", "assumption2"),
        ("for every group", "closeness-on-one-support"),
        ("our initialization, and therefore the subsequent updates", "assumption4"),
        ("the weight matrix has orthonormal groups", "unit-norm"),
        ("then the support is correctly recovered", "recovery-in-one-pass"),
        ("they will either be zero", "eq24"),
        ("a good approximation of", "good-approximation"),
        ("We can then write", "code-by-tau"),
        ("invoking the assumption of the code covariances", "covariance-given-support"),
        ("Under mild assumptions introduced in Section 3", "contribution"),
        ("at the same direction as", "gradient-points"),
        ("we want the second norm to be small", "delta-squared"),
        ("note the second term is at best", "second-term"),
        ("Similarly, we can show that", "cross-terms eq54"),
        ("is dominated by", "eq74"),
        ("get closer to the", "closer"),
        ("because of the error term", "because-of-epsilon"),
        ("a significantly looser assumption", "remark-a"),
        ("with a significantly higher success", "success-rate"),
        ("require the magnitude of the bias to diminish", "remark-b-sparse"),
        ("In stark contrast, our analysis makes no such assumption", "remark-b"),
        ("is approximately 0.15", "start"),
        ("highlights the robustness of the network to extreme noise", "simulation"),
        ("has successfully recovered the correct support", "figure-3d"),
        ("we can now lower-bound the norm of a group", "eq22"),
        ("is upper-bounded by", "prop2 prop2-v1"),
        ("Then the range", "lemma1 lemma1-v1"),
        ("The gradient of the loss function ... is given by", "eq23 eq24-v1"),
        ("The inner product between the", "theorem1 eq33 eq34-v1"),
        (
            "Suppose that the learning rate",
            "theorem2 theorem2-implication theorem2-v1 rho rho-v1 eq69-v1",
        ),
    ),
    "N19": (
        ("the loss function is the (squared) reconstruction error", "loss"),
        ("As special cases of the above model", "mixture"),
        ("the distribution of nonzero entries are standardized", "sparse-coding"),
        ("any recovery method can only recover", "ambiguity"),
        ("uniformly from the canonical basis", "uniform"),
        ("pairwise incoherence states that the means are well-separated", "well-separated"),
        ("we further require the spectral norm bound on", "well-conditioned"),
        ("explicit linear convergence rates for all the generative models", "linear-rates"),
        ("exponentially better than the initial", "final-error"),
        ("We conjecture that this spectral algorithm still works", "spectral-start"),
        ("one can also see that when", "mixture-threshold"),
        ("is required to be negative for ReLU activation", "negative-bias"),
        ("also lead to statistical bias (error) in nonzero code", "statistical-bias"),
        ("we analyze the gradient of the expected loss", "expected-loss"),
        ("is a good approximation of the true gradient (4)", "approximate-gradient"),
        ("Specifically, the expected gradient", "mixture-gradient"),
        ("since we do not need bias", "threshold-condition"),
        ("we need every bias", "both-conditions"),
        ("our current analysis does not succeed for any constant choice", "constant-bias"),
        ("a fixed bias for the rectified linear unit would not work", "fixed-bias"),
        ("with the step size", "zeta"),
        ("We apply this lemma with learning rate", "tau-of-zeta"),
        ("we use Lemma 5 to obtain the descent property", "normalised-descent"),
        ("The gradient of ... is given by", "bias-gradient"),
        ("calculate the expected gradient and obtain", "expected-bias-gradient"),
        ("show by induction that this", "bias-schedule"),
        ("From the descent property at the step", "induction"),
        ("is perhaps amenable to optimization even for radius bigger than", "radius"),
        ("even with random initialization the reconstruction loss", "figure-2"),
        ("neither PCA nor random initialization leads to the recovery", "figure-3"),
        ("randomly generated according to", "simulation-means"),
        ("are initially set to", "simulation-bias"),
        ("One can write the", "pre-activation"),
        ("Cauchy-Schwarz inequality implies", "interference interference-order k-log-squared"),
        ("with high probability ... otherwise", "threshold-half"),
        ("Second, by Theorem 3 in (i)", "misnumbered gamma"),
        ("is robust to iid additive Gaussian noise", "noise"),
        ("a rough bound obtained in", "residual alpha beta"),
        ("As a sanity check", "sanity"),
        ("It is easy to see that", "indicator"),
        ("When ... from (3) and (4) and", "zero-bias"),
        ("which is even weaker than the condition", "k-root-n"),
        ("breaks down when the nonzero bias is set fixed", "fixed-bias-breaks"),
        ("Similarly to the mixture of Gaussian case, the bias is updated as", "bias-update"),
        ("to guarantee the nearness", "projection"),
    ),
    "L23": (
        ("obtain minimax-optimal error rates", "minimax"),
        ("our bounds coincide with previous results", "size-one"),
        ("random Gaussian matrices satisfy such conditions", "gaussian-designs"),
        ("is not a commuting parameterization", "lemma1 bracket span double-bracket"),
        ("is partitioned into L disjoint", "groups"),
        ("by minimizing the standard squared loss", "loss gradients"),
        ("Denote ... gradient flow under", "residual"),
        ("can be obtained by a single step of gradient descent", "first-step"),
        ("it converges with any unit norm initialization", "any-start"),
        ("For convenience, we define", "zeta"),
        ("implies an improved sample complexity", "sample-complexity sample-complexity-optimal"),
        ("may not move with a small step size", "sign"),
        ("Note that the error bound we obtain is minimax-optimal", "minimax"),
        ("our proof indeed ensures that it would hold for at least", "criterion"),
        ("We believe it is a proof artifact", "theorem4-deltas"),
        ("our results still hold if one choose to switch after", "later-switch"),
        ("early stopping is crucial", "figure2-stopping"),
        ("that algorithm fails to converge", "figure4-rival"),
        ("Therefore, the error bound on the support is as follows", "theorem2-display"),
        ("Denote ... where", "theorem2-zeta"),
        ("we derive a lower bound on the growth rate", "theorem2-growth"),
        ("is ensured", "theorem2-times"),
        ("We now rewrite the definition of bounded perturbation", "perturbations"),
        ("the gradient updates on ... reads", "growth"),
        ("by Lemma 9, we also have that", "lemma10-upper"),
        ("Note the condition of Lemma 10 is satisfied when", "lemma10-condition"),
        ("vector of independent ... sub-Gaussian random variables", "lemma15"),
        ("an upper bound ... such that", "tub tlb"),
        ("behaves as errors outside group, and bounded by Lemma 14", "weak-groups"),
        ("All we left is to show that", "theorem3-times"),
        ("Note that compared with Lemma 8", "lemma16-remark"),
        ("instead of applying Lemma 11 and Lemma 12", "theorem4-step"),
        ("would imply the theoretical criterion", "practical-rule"),
        ("Suppose the noise vector", "corollary1 corollary1-epsilon corollary1-sum"),
        ("Therefore,", "lemma12-equality"),
    ),
}


@dataclass(frozen=True)
class Item:
    """A numbered item or a checkable sentence of a paper.

    Attributes
    ----------
    paper, name : str
        "T21" and "Theorem 2", or a few words of the sentence, with ... between runs of them.
    numbered : bool
        Whether the paper numbers it.
    rows : tuple of str
        Ids of the rows that settle it; all of them are asked for.

    Examples
    --------
    >>> ITEMS[79]
    Item(paper='T21', name='Assumption 2', numbered=True, rows=('T21-assumption2',))
    """

    paper: str
    name: str
    numbered: bool
    rows: tuple[str, ...]


def _item(paper: str, name: str, numbered: bool, ids: str) -> Item:
    return Item(paper, name, numbered, tuple(f"{paper}-{row_id}" for row_id in ids.split()))


def _items(paper: str) -> list[Item]:
    """Return the items of a paper: its runs of numbers, other numbered items, then sentences."""
    found = []
    for name, last, ids in NUMBERED[paper]:
        for n in range(1, last + 1):
            found.append(_item(paper, name.format(n), True, ids.format(n)))
    found += [_item(paper, name, True, ids) for name, ids in SEVERAL[paper].items()]
    return found + [_item(paper, words, False, ids) for words, ids in SENTENCES[paper]]


ITEMS = tuple(item for paper in NUMBERED for item in _items(paper))
