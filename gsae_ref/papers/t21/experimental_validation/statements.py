"""T21, Section 4: the simulation, Figures 3 to 5 and Table 1."""

from __future__ import annotations

from ....claims.evidence import Measurement, Reading, Reproduction
from ...row import statement

FULL_SIZE = "gsae-ref reproduce t21-figure-3 --seeds 2"
REDUCED = "gsae-ref reproduce t21-figure-3 --quick"
SAVED = " --epochs 34 --restarts 8 --saved reproduced/t21-table-1"
FIGURE_4 = "gsae-ref reproduce t21-figure-4" + SAVED
FIGURE_5 = "gsae-ref reproduce t21-figure-5" + SAVED
TABLE_1 = "gsae-ref reproduce t21-table-1 --epochs 34 --restarts 8"
CONVERGES = "A converges towards A* at every noise level "
SUPPORT = "the group-sparse encoder has recovered the correct support"
DISTANCES = "distances of group-sparse codes show the digits most readily "
IMPROVES = "group-sparse codes dramatically improve clustering by "
ROWS = (
    statement(
        "start",
        "Section 4.1, training",
        "procedure",
        "holds",
        "“the average correlation between the columns of” A* “and” A “is approximately 0.15”.",
        reading="A = A* + B with B ~ N(0, sigma_B^2 I), sigma_B as large as that asks",
        remark="sigma_B is not printed; a mean correlation of .15 asks for .214, atoms of norm "
        "6.7.",
        evidence=(Measurement("start_correlation"),),
        derivation="gsae_ref.sampling.perturb_dictionary",
    ),
    statement(
        "simulation",
        "Section 4.1",
        "remark",
        "holds",
        "“This figure extends our theory and highlights the robustness of the network to extreme "
        "noise.”",
        reading="extends: the simulation is outside the hypotheses of the theory",
        remark="It satisfies neither (15) with (16), nor (17), A_g^T A_g = I, ||A*_g||_2 = 1, the "
        "corrected Lemma 1 (even at A = A*), nor the norm condition of Theorem 2. So it is no "
        "instance of the theorems, and cannot confirm them. At A = A* the support is recovered "
        "all the same, without noise: worst-case bounds are loose there. Noise: T21-figure-3a.",
        evidence=(Measurement("simulation"),),
        derivation="gsae_ref.sampling.sample",
    ),
    statement(
        "figure-3a",
        "Figure 3a",
        "remark",
        "false",
        "“Figure 3a supports our theory by demonstrating the convergence of” A -> A* “and how the "
        "error” ||A - A*||_F^2 “decreases as a function of epochs for various SNRs.”",
        reading="of training by the printed recipe: lam = 2, from A* + B, with its columns as they "
        "are (norm 6.7) or of norm 1",
        repaired="From a start with columns of norm lam/lam_0, by a rule of this project, the "
        "error falls at every noise level.",
        remark="It does not reproduce from the printed recipe under these two readings. The figure "
        "may come from a start that the text does not describe: sigma_B and the scale are not "
        "named.",
        evidence=(
            Reproduction(
                FULL_SIZE,
                CONVERGES + "[as stated: A* + B, lam = 2]",
                "does not reproduce",
                "1 dB: 1.70 -> 1.78; 5 dB: 1.70 -> 1.81; 10 dB: 1.70 -> 1.83",
            ),
            Reproduction(
                REDUCED,
                CONVERGES + "[as stated, columns of the start normalised]",
                "does not reproduce",
                "1 dB: 1.7 -> 1.7; 5 dB: 1.7 -> 1.7; 10 dB: 1.7 -> 1.7",
            ),
            Reproduction(
                FULL_SIZE,
                CONVERGES + "[start of column norm lam / lam_0]",
                "reproduces",
                "1 dB: 1.70 -> 0.61; 5 dB: 1.70 -> 0.44; 10 dB: 1.70 -> 0.37",
            ),
        ),
        derivation="gsae_ref.experiments.t21.figure_3",
    ),
    statement(
        "figure-3b",
        "Figure 3b",
        "remark",
        "holds",
        "“Figure 3b shows the reconstruction loss as a function of epochs for various SNRs.”",
        remark="`gsae-ref reproduce t21-figure-3` shows it too; no claim is made of its course.",
        evidence=(Reading("says what the figure shows"),),
        derivation="gsae_ref.experiments.t21.figure_3",
    ),
    statement(
        "figure-3c",
        "Figure 3c",
        "remark",
        "holds",
        "“For a SNR of 1 dB, Figure 3c shows that” “the group-sparse network convergences to a "
        "closer neighbourhood of the dictionary than the sparse one.”",
        reading="from the start of T21-figure-3a that converges; from the printed one neither does",
        evidence=(
            Reproduction(
                FULL_SIZE,
                "at 1 dB the group-sparse network ends closer to A* than the sparse one",
                "reproduces",
                "group-sparse 0.61, sparse, soft threshold 0.97, sparse, hard threshold 0.98",
            ),
        ),
        derivation="gsae_ref.experiments.t21.figure_3",
    ),
    statement(
        "figure-3d",
        "Figure 3d",
        "remark",
        "holds",
        "“we observe that unlike the sparse network, the group-sparse autoencoder has "
        "successfully recovered the correct support.”",
        reading="of the code that the figure shows: there are codes whose support the group-sparse "
        "network finds and a sparse one misses",
        remark="Of most codes it would hold at a reduced size: at 1 dB the network finds 66 % of "
        "the supports whole, the sparse ones 37, 47.5 and 3 % with the thresholds nearest the "
        "activity of the data. At the size of the paper, from the start of T21-figure-3a that "
        "converges, it finds 18, 34 and 39 % at 1, 5 and 10 dB. What the paper ran may differ: it "
        "names neither the sample of the figure nor the trained dictionary.",
        evidence=(
            Reading("the figure shows one code"),
            Reproduction(REDUCED, SUPPORT, "reproduces", "1 dB: 66 % of the supports"),
            Reproduction(
                REDUCED,
                "at 1 dB the group-sparse encoder finds the support better than the sparse one",
                "reproduces",
                "activity nearest the data's: group-sparse 0.934, sparse, soft threshold 0.857, "
                "sparse, hard threshold 0.87, sparse, ReLU with bias 0.448",
            ),
        ),
        derivation="gsae_ref.experiments.t21.figure_3",
    ),
    statement(
        "figure-4",
        "Figure 4",
        "remark",
        "holds",
        "“We observe that the weights learned by the group-sparse network (Figure 4c) are more "
        "interpretable than those learned by a sparse network (Figure 4a).” “We clearly observe "
        "that while the sparse support is spread throughout the coding vector, in stark contrast "
        "the group-sparse one is heavily structured.”",
        reading="interpretable: a group, or a block of as many atoms, stands for a digit",
        evidence=(
            Reproduction(
                FIGURE_4,
                "groups of the group-sparse network stand for digits, blocks of as many atoms of "
                "the sparse one do not",
                "reproduces",
                "89% show its commonest digit; in a block of the sparse network 54%",
            ),
            Reproduction(
                FIGURE_4,
                "the support is spread through the sparse code, and structured in the group-sparse "
                "one",
                "reproduces",
                "active blocks: 1.47 of the group-sparse code, 8.90 of the sparse one",
            ),
        ),
        derivation="gsae_ref.experiments.t21.figure_4",
    ),
    statement(
        "figure-5",
        "Figure 5",
        "remark",
        "holds",
        "“the similarity structure of the group-sparse dictionary lends itself most readily to "
        "standard similarity-based clustering algorithms.”",
        reading="by the norms of the groups, divided by their sum or not",
        remark="Of the signed codes it does not reproduce: 66.4 of 100 comparisons, fewer than of "
        "pixels.",
        evidence=(
            Reproduction(
                FIGURE_5,
                DISTANCES + "[group norms]",
                "reproduces",
                "84.7 of 100 comparisons; pixels 71.9, sparse codes 67.7",
            ),
            Reproduction(
                FIGURE_5,
                DISTANCES + "[group norms / sum]",
                "reproduces",
                "87.8 of 100 comparisons; pixels 71.9, sparse codes 67.7",
            ),
        ),
        derivation="gsae_ref.experiments.t21.figure_5",
    ),
    statement(
        "table-1",
        "Table 1",
        "remark",
        "holds",
        "“We observed that performing clustering on the group-structured representations "
        "dramatically improved performance over baselines, and over a sparse approach.” "
        "[Group-sparse codes+: 80.09 with k-means, 80.27 with spectral clustering.]",
        reading="on MNIST; dramatically: by at least 5 points; under two readings of the codes",
        remark="The numbers depend on the training that is drawn: over five repetitions "
        "(--seeds 5) 79.1 and 79.4 on average, 77.9 to 80.3; single restarts end between 61 and "
        "80. On Fashion-MNIST with the same settings the order is reversed, 53.9 and 53.8 against "
        "59.6 and 60.1.",
        evidence=(
            Reproduction(
                TABLE_1,
                IMPROVES + "k-means over pixels and sparse codes [literal reading]",
                "reproduces",
                "ahead by at least 23.3 points",
            ),
            Reproduction(
                TABLE_1,
                IMPROVES + "spectral over pixels and sparse codes [literal reading]",
                "reproduces",
                "ahead by at least 14.5 points",
            ),
            Reproduction(
                TABLE_1,
                IMPROVES + "k-means over pixels and sparse codes [closest reading]",
                "reproduces",
                "ahead by at least 18.2 points",
            ),
            Reproduction(
                TABLE_1,
                IMPROVES + "spectral over pixels and sparse codes [closest reading]",
                "reproduces",
                "ahead by at least 15.1 points",
            ),
        ),
        derivation="gsae_ref.experiments.t21.table_1",
    ),
)
