"""Every error of checks/, with the value, the rule and the remedy; and what the checks return."""

import ast
import inspect
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse

from gsae_ref import checks, datasets, ops, training

A = np.arange(1.0, 13.0).reshape(3, 4)  # 3 features, 4 atoms
Y = np.arange(1.0, 7.0).reshape(2, 3)
CHECKS = sorted(Path(checks.__file__).parent.glob("*.py"))
NAN_AT_1_2 = np.where(np.arange(6).reshape(2, 3) == 5, np.nan, 1.0)


def approximate(support):
    return ops.loss_and_grad(A, Y, 1.0, 2, "approximate", support=support)


# Name: the call, the type of its error, and the parts of its message in order, with " ... " for
# anything between.
REFUSALS = {
    "NaN": (
        lambda: ops.loss(A, NAN_AT_1_2, 1, 2),
        ValueError,
        "Y has 1 non-finite entry, at index (1, 2); no entry may be NaN or infinite",
    ),
    "infinity": (
        lambda: ops.loss(-np.inf * A, Y, 1, 2),
        ValueError,
        "A has 12 non-finite entries, the first at index (0, 0); no entry may be NaN",
    ),
    "NaN in a code": (
        lambda: ops.decode(A, [0, np.nan, 0, 0]),
        ValueError,
        "X has 1 non-finite entry, at index (1,)",
    ),
    "NaN in a covariance": (
        lambda: ops.expected_gradient(A, A, 0.5, 1, 2, np.nan),
        ValueError,
        "code_variance has 1 non-finite entry, at index ()",
    ),
    "NaN for a tau": (
        lambda: ops.expected_gradient(A, A, np.nan, 1, 2),
        ValueError,
        "tau has 1 non-finite entry, at index ()",
    ),
    "NaN in a list of tau": (
        lambda: ops.expected_gradient(A, A, [0.5, np.nan], 1, 2),
        ValueError,
        "tau has 1 non-finite entry, at index (1,)",
    ),
    "masked entries": (
        lambda: ops.loss(A, np.ma.masked_array(Y), 1, 2),
        TypeError,
        "Y is a masked array ... missing entries ... drop or replace them",
    ),
    "masked entries in a support": (
        lambda: approximate(np.ma.masked_array([[0], [1]], [[0], [1]])),
        TypeError,
        "support is a masked array ... missing entries ... drop or replace them",
    ),
    "a masked row in a list": (
        lambda: ops.loss(A, [np.ma.masked_array(Y[0], Y[0] > 2), Y[1]], 1, 2),
        TypeError,
        "Y is a masked array ... drop or replace them",
    ),
    "a sparse matrix": (
        lambda: ops.loss(A, scipy.sparse.csr_matrix(Y), 1, 2),
        TypeError,
        "Y is a sparse csr_matrix; it must be dense; pass Y.toarray()",
    ),
    "a loss beyond the range": (
        lambda: ops.loss(A, 1e160 * Y, 1, 2),
        ValueError,
        "the loss ... in float64: A reaches 12, Y reaches 6e+160; scale A and Y",
    ),
    "a count beyond any memory": (
        lambda: checks.count("n_epochs", 2**62),
        ValueError,
        "n_epochs = 4611686018427387904 ... below 2**62",
    ),
    "groups whose sizes overflow to the right sum": (
        lambda: checks.grouping([2**62] * 4 + [4], 4),
        ValueError,
        "groups has 5 entries of sum 4 ... 4 predictors; pass positive sizes of sum 4, or 4 labels",
    ),
    "ragged lists": (
        lambda: ops.loss(A, [[1, 2, 3], [1]], 1, 2),
        TypeError,
        "Y cannot be read as an array ... pass rows of equal length",
    ),
    "complex": (
        lambda: ops.loss(1j * A, Y, 1, 2),
        TypeError,
        "A has dtype complex128 ... float32, float64, float16 or an integer ... pass A.real",
    ),
    "bool": (
        lambda: ops.loss(A, Y > 2, 1, 2),
        TypeError,
        "Y has dtype bool ... np.asarray(Y, dtype=float)",
    ),
    "object": (
        lambda: ops.loss(A.astype(object), Y, 1, 2),
        TypeError,
        "A has dtype object ... must be float32, float64",
    ),
    "None": (
        lambda: ops.loss(A, None, 1, 2),
        TypeError,
        "Y is of type NoneType; it must be an array",
    ),
    "the name of a file": (
        lambda: ops.loss(A, "Y.npy", 1, 2),
        TypeError,
        "Y is of type str; it must be an array; ... read a file with np.load",
    ),
    "an iterator": (
        lambda: ops.loss(A, (y for y in Y), 1, 2),
        TypeError,
        "Y is an iterator, of type generator; it must be an array; pass np.array(list(Y))",
    ),
    "text": (
        lambda: ops.encode(A, ["a", "b", "c"], 1, 2),
        TypeError,
        "Y has dtype <U1 ... must be float32, float64",
    ),
    "dates": (
        lambda: ops.encode(A, Y.astype("timedelta64[s]"), 1, 2),
        TypeError,
        "Y has dtype timedelta64[s] ... must be float32, float64",
    ),
    "more bytes than float64": (
        lambda: ops.loss(A, Y.astype(np.longdouble), 1, 2),
        TypeError,
        "Y has dtype float128 ... must be float32, float64",
    ),
    "a transposed dictionary": (
        lambda: ops.encode(A.T, Y, 1, 1),
        ValueError,
        "Y has shape (2, 3), so 3 columns, but 4 are needed for A ... is A transposed?",
    ),
    "unequal groups": (
        lambda: ops.encode(A, Y, 1, [1, 3]),
        TypeError,
        "group_size = [1, 3]; it must be one integer ... equal blocks ... dglnn_path",
    ),
    "groups that are not orthonormal": (
        lambda: checks.orthonormal_groups("A", np.diag([1, 2]), 1),
        ValueError,
        "A: the columns of group 1 are not orthonormal, ... orthonormalise every group first",
    ),
    "a dictionary with a zero atom": (
        lambda: training.train(A * [1, 0, 1, 1], Y, 1.0, 2, 1),
        ValueError,
        "A has 1 zero column, the first number 1 ... stays zero; drop or redraw it",
    ),
    "chunks of unknown sizes": (
        lambda: checks.known_shape("Y", SimpleNamespace(shape=(np.nan, 3))),
        ValueError,
        "Y has shape (nan, 3) ... call Y.compute_chunk_sizes()",
    ),
    "three axes of many samples": (
        lambda: checks.samples("Y", np.ones((2, 2, 2))),
        ValueError,
        "Y has shape (2, 2, 2) ... must be 1-D or 2-D, samples as rows",
    ),
    "no samples in blocks": (
        lambda: checks.samples("Y", np.ones((0, 3)), 3),
        ValueError,
        "Y is empty, of shape (0, 3); it needs at least one entry",
    ),
    "three axes": (
        lambda: ops.loss(A, Y[None], 1, 2),
        ValueError,
        "Y has shape (1, 2, 3) ... must be 1-D or 2-D, samples as rows",
    ),
    "dictionary of one axis": (
        lambda: ops.loss(A[0], Y, 1, 2),
        ValueError,
        "A has shape (4,) ... must be 2-D, samples as rows",
    ),
    "dictionary of stacked groups": (
        lambda: ops.decode(A[None], Y),
        ValueError,
        "A has shape (1, 3, 4) ... must be 2-D",
    ),
    "no sample": (
        lambda: ops.loss(A, Y[:0], 1, 2),
        ValueError,
        "Y is empty, of shape (0, 3); it needs at least one entry",
    ),
    "no atom": (
        lambda: ops.loss(A[:, :0], Y, 1, 2),
        ValueError,
        "A is empty, of shape (3, 0) ... at least one entry",
    ),
    "no code": (
        lambda: ops.group_soft_threshold([], 1, 2),
        ValueError,
        "Z is empty, of shape (0,) ... at least one entry",
    ),
    "groups that do not fit": (
        lambda: ops.loss(A, Y, 1, 3),
        ValueError,
        "group_size = 3 does not divide the 4 atoms of A ... choose a divisor of 4",
    ),
    "groups that do not fit a code": (
        lambda: ops.group_soft_threshold(np.ones(5), 1, 2),
        ValueError,
        "group_size = 2 does not divide the 5 atoms of Z ... choose a divisor of 5",
    ),
    "group size 0": (
        lambda: ops.loss(A, Y, 1, 0),
        ValueError,
        "group_size = 0 ... must be at least 1",
    ),
    "group size 2.0": (
        lambda: ops.loss(A, Y, 1, 2.0),
        TypeError,
        "group_size = 2.0 has type float ... must be an integer",
    ),
    "group size True": (
        lambda: ops.loss(A, Y, 1, True),
        TypeError,
        "group_size = True has type bool ... must be an integer",
    ),
    "group size None": (
        lambda: ops.loss(A, Y, 1, None),
        TypeError,
        "group_size = None has type NoneType ... must be an integer",
    ),
    "group size None in an expectation": (
        lambda: ops.expected_gradient(A, A, 0.5, 1, None),
        TypeError,
        "group_size = None has type NoneType ... must be an integer",
    ),
    "transposed batch": (
        lambda: ops.encode(A, Y.T, 1, 2),
        ValueError,
        "Y has shape (3, 2), so 2 columns, but 3 are needed for A ... did you mean Y.T?",
    ),
    "transposed codes": (
        lambda: ops.decode(A, np.ones((4, 7))),
        ValueError,
        "X has shape (4, 7) ... but 4 are needed for A of shape (3, 4) ... did you mean X.T?",
    ),
    "batch of another width": (
        lambda: ops.loss(A, np.ones((2, 5)), 1, 2),
        ValueError,
        "Y has shape (2, 5), so 5 columns, but 3 are needed ... samples are rows",
    ),
    "sample of another length": (
        lambda: ops.loss(A, np.ones(2), 1, 2),
        ValueError,
        "Y has shape (2,) ... but 3 are needed ... samples are rows",
    ),
    "a number for a code": (
        lambda: ops.group_soft_threshold(3.0, 1, 1),
        ValueError,
        "Z is the single number 3.0; it needs an axis of atoms",
    ),
    "Z and V that differ": (
        lambda: ops.group_soft_threshold_vjp(A, A[:2], 1, 2),
        ValueError,
        "V has shape (2, 4), Z has shape (3, 4) ... must be equal",
    ),
    "A and A_star that differ": (
        lambda: ops.expected_gradient(A, A[:2], 0.5, 1, 2),
        ValueError,
        "A_star has shape (2, 4), A has shape (3, 4) ... must be equal",
    ),
    "a number for a path": (
        lambda: datasets.load_mnist(5),
        TypeError,
        "source = 5 has type int; it must be a path, a str or a pathlib.Path",
    ),
    "threshold below 0": (
        lambda: ops.loss(A, Y, -0.5, 2),
        ValueError,
        "lam = -0.5 is negative; it must be >= 0",
    ),
    "threshold NaN": (
        lambda: ops.loss(A, Y, np.nan, 2),
        ValueError,
        "lam = nan; it must be finite",
    ),
    "threshold infinite": (
        lambda: ops.group_soft_threshold(A, np.inf, 2),
        ValueError,
        "lam = inf ... must be finite",
    ),
    "threshold too large for a float": (
        lambda: ops.loss(A, Y, 10**400, 2),
        ValueError,
        "lam = 1000 ... must be finite",
    ),
    "threshold as text": (
        lambda: ops.loss(A, Y, "1", 2),
        TypeError,
        "lam = '1' has type str ... one real number",
    ),
    "threshold True": (
        lambda: ops.loss(A, Y, True, 2),
        TypeError,
        "lam = True has type bool ... one real number",
    ),
    "threshold None": (
        lambda: ops.loss(A, Y, None, 2),
        TypeError,
        "lam = None has type NoneType ... one real number",
    ),
    "threshold per group": (
        lambda: ops.loss(A, Y, [1.0, 2.0], 2),
        TypeError,
        "lam = [1.0, 2.0] has type list ... one real number",
    ),
    "threshold complex": (
        lambda: ops.loss(A, Y, 1j, 2),
        TypeError,
        "lam = 1j has type complex ... one real number",
    ),
    "unknown gradient": (
        lambda: ops.loss_and_grad(A, Y, 1, 2, "true"),
        ValueError,
        "gradient = 'true' is unknown ... one of 'exact', 'appendix_b', 'approximate'",
    ),
    "unknown engine": (
        lambda: ops.loss_and_grad(A, Y, 1, 2, engine="gpu"),
        ValueError,
        "engine = 'gpu' is unknown ... 'auto', 'reference'",
    ),
    "unknown form": (
        lambda: ops.expected_gradient(A, A, 0.5, 1, 2, form="v1"),
        ValueError,
        "form = 'v1' is unknown ... 'exact', 'printed', 'printed_31'",
    ),
    "too many active groups": (
        lambda: ops.expected_gradient(A, A, 0.5, 3, 2),
        ValueError,
        "n_active = 3, but there are only 2 groups",
    ),
    "no active group": (
        lambda: ops.expected_gradient(A, A, 0.5, 0, 2),
        ValueError,
        "n_active = 0 ... must be at least 1",
    ),
    "half an active group": (
        lambda: ops.expected_gradient(A, A, 0.5, 1.5, 2),
        TypeError,
        "n_active = 1.5 has type float ... must be an integer",
    ),
    "tau for other groups": (
        lambda: ops.expected_gradient(A, A, [0.5] * 3, 1, 2),
        ValueError,
        "tau has 3 entries, but there are 2 groups; pass one number ... one for each group",
    ),
    "tau with two axes": (
        lambda: ops.expected_gradient(A, A, [[0.5]], 1, 2),
        ValueError,
        "tau has shape (1, 1) ... must be 0-D or 1-D",
    ),
    "covariance of another size": (
        lambda: ops.expected_gradient(A, A, 0.5, 1, 2, np.eye(3)),
        ValueError,
        "code_variance has shape (3, 3) ... one (2, 2) matrix, or (2, 2, 2), one matrix for each",
    ),
    "covariance not symmetric": (
        lambda: ops.expected_gradient(A, A, 0.5, 1, 2, [[1, 1], [0, 1]]),
        ValueError,
        "code_variance is not symmetric ... .T) / 2",
    ),
    "covariance not positive": (
        lambda: ops.expected_gradient(A, A, 0.5, 1, 2, [[1, 2], [2, 1]]),
        ValueError,
        "code_variance ... the negative eigenvalue -1; a covariance has none below 0",
    ),
    "variance below 0": (
        lambda: ops.expected_gradient(A, A, 0.5, 1, 2, -1),
        ValueError,
        "code_variance ... the negative eigenvalue -1",
    ),
    "support where none is used": (
        lambda: ops.loss_and_grad(A, Y, 1, 2, support=[[0], [0]]),
        ValueError,
        "support was given with gradient='exact' ... use gradient='approximate'",
    ),
    "support mask of another shape": (
        lambda: approximate([[True, False]]),
        ValueError,
        "support has shape (1, 2); a mask must be (2, 2), samples by groups",
    ),
    "support of fractions": (
        lambda: approximate([[0.0], [1.0]]),
        TypeError,
        "support has dtype float64 ... boolean mask or integer group indices",
    ),
    "support with too few rows": (
        lambda: approximate([1]),
        ValueError,
        "support has shape (1, 1) ... one row for each of the 2 samples",
    ),
    "support with too many axes": (
        lambda: approximate([[[0]], [[1]]]),
        ValueError,
        "support has shape (2, 1, 1) ... one row for each",
    ),
    "support outside the groups": (
        lambda: approximate([[0], [2]]),
        ValueError,
        "support contains group 2; groups are numbered from 0 to 1",
    ),
    "support that is a mask or indices": (
        lambda: approximate([[0, 1], [1, 0]]),
        ValueError,
        "support holds the integers 0 and 1 for 2 groups ... pass a mask as support.astype(bool)",
    ),
    "support with an index twice": (
        lambda: checks.support("support", [[0, 2], [1, 1]], 2, 3),
        ValueError,
        "support contains group 1 twice in row 1 ... each once; pass a mask as",
    ),
    "support counted from the end": (
        lambda: approximate([[0], [-1]]),
        ValueError,
        "support contains group -1; groups are numbered from 0 to 1",
    ),
    "ragged support": (
        lambda: approximate([[0], [0, 1]]),
        TypeError,
        "support cannot be read as an array ... pass rows of equal length",
    ),
    "an unfolding of 0 steps": (
        lambda: ops.unfolded_encode(A, Y, 1, 2, 0),
        ValueError,
        "n_unfold = 0 ... must be at least 1",
    ),
    "an unfolding with step size -1": (
        lambda: ops.unfolded_encode(A, Y, 1, 2, 3, -1),
        ValueError,
        "step_size = -1.0 ... must be > 0",
    ),
    "an unfolding with a negative l1": (
        lambda: ops.unfolded_encode(A, Y, 1, 2, 3, l1=-0.5),
        ValueError,
        "l1 = -0.5 is negative",
    ),
    "an unfolding accelerated by 1": (
        lambda: ops.unfolded_encode(A, Y, 1, 2, 3, accelerated=1),
        TypeError,
        "accelerated = 1 has type int ... must be True or False",
    ),
    "an unfolding with an unknown engine": (
        lambda: ops.unfolded_loss_and_grad(A, Y, 1, 2, 3, engine="fast"),
        ValueError,
        "engine = 'fast' is unknown",
    ),
    "step 0": (
        lambda: checks.step(0.0),
        ValueError,
        "step_size = 0.0 ... must be > 0",
    ),
    "step as text": (
        lambda: checks.step("fast"),
        TypeError,
        "step_size = 'fast' has type str ... one real number",
    ),
    "norm bounds reversed": (
        lambda: checks.norm_bounds(5, 4),
        ValueError,
        "b_min = 5.0 and b_max = 4.0 ... must satisfy 0 < b_min <= b_max",
    ),
    "norm bound 0": (
        lambda: checks.norm_bounds(0, 4),
        ValueError,
        "b_min = 0.0 and b_max = 4.0 ... 0 < b_min <= b_max",
    ),
    "norm bound NaN": (
        lambda: checks.norm_bounds(1, np.nan),
        ValueError,
        "b_max = nan ... must be finite",
    ),
    "a bias for some atoms": (
        lambda: ops.sparse_encode(A, Y, [0.1, 0.2]),
        ValueError,
        "bias has 2 entries, but there are 4 atoms; pass one number ... one for each atom",
    ),
    "a threshold for relu": (
        lambda: ops.sparse_loss(A, Y, lam=0.5),
        ValueError,
        "lam = 0.5 with activation='relu', which has no threshold ... bias=-0.5",
    ),
    "an unknown activation": (
        lambda: ops.sparse_encode(A, Y, activation="tanh"),
        ValueError,
        "activation = 'tanh' is unknown ... 'relu'",
    ),
    "supports that are indices": (
        lambda: ops.sparse_expected_gradient(A, A, [[0, 1]], [1.0]),
        ValueError,
        "supports has dtype int64 and shape (1, 2) ... boolean mask ... 4 columns",
    ),
    "a law with too few probabilities": (
        lambda: ops.sparse_expected_gradient(A, A, np.eye(4) > 0, [0.5, 0.5]),
        ValueError,
        "probabilities has 2 entries, but there are 4 supports; pass one probability",
    ),
    "probabilities of another sum": (
        lambda: ops.sparse_expected_gradient(A, A, np.eye(4) > 0, [0.5] * 4),
        ValueError,
        "probabilities has ... entry 0.5 and the sum 2; probabilities are >= 0 and have the sum 1",
    ),
    "a negative probability": (
        lambda: ops.sparse_expected_gradient(A, A, np.eye(4) > 0, [1.5, -0.5, 0, 0]),
        ValueError,
        "smallest entry -0.5 and the sum 1",
    ),
    "one moment": (
        lambda: ops.sparse_expected_gradient(A, A, np.eye(4) > 0, None, moments=1.0),
        ValueError,
        "moments = 1.0 ... pair (kappa_1, kappa_2)",
    ),
    "a second moment below the square of the first": (
        lambda: ops.sparse_expected_gradient(A, A, np.eye(4) > 0, None, moments=(2, 1)),
        ValueError,
        "moments = (2.0, 1.0) ... kappa_2 must be at least kappa_1^2 = 4",
    ),
    "one bound of a code": (
        lambda: checks.code_bounds(1.0),
        ValueError,
        "bounds = 1.0 ... pair (a_1, a_2), for example (1, 2)",
    ),
    "bounds of a code reversed": (
        lambda: checks.code_bounds((2, 1)),
        ValueError,
        "bounds = (2.0, 1.0) ... must satisfy 0 < a_1 <= a_2",
    ),
    "seed -1": (lambda: checks.generator(-1), ValueError, "rng = -1 ... must be at least 0"),
    "seed as text": (
        lambda: checks.generator("zero"),
        TypeError,
        "rng = 'zero' has type str ... must be an integer",
    ),
    "legacy random state": (
        lambda: checks.generator(np.random.RandomState(0)),
        TypeError,
        "rng = RandomState ... has type RandomState ... must be an integer",
    ),
    "groups that do not divide": (
        lambda: checks.grouping(3, 4),
        ValueError,
        "groups = 3 does not divide the 4 predictors ... divisor of 4, or pass the sizes",
    ),
    "groups given twice": (
        lambda: checks.grouping(2, 4, group_sizes=2),
        ValueError,
        "groups and group_sizes given; pass exactly one of groups, group_sizes and group_labels",
    ),
    "no groups": (
        lambda: checks.grouping(None, 4),
        ValueError,
        "no groups given; pass exactly one",
    ),
    "ones that are sizes or labels": (
        lambda: checks.grouping([1, 1, 1], 3),
        ValueError,
        "groups has 3 ones for 3 predictors ... pass groups=1 or groups=3, or group_sizes or",
    ),
    "labels of another number": (
        lambda: checks.grouping(["a", "b"], 3),
        ValueError,
        "groups has 2 labels, but there are 3 predictors; pass one label for each",
    ),
    "sizes of two axes": (
        lambda: checks.grouping(None, 3, group_sizes=[[1, 2]]),
        TypeError,
        "group_sizes has dtype int64 and shape (1, 2) ... one size, a list of sizes",
    ),
    "an empty list of predictors": (
        lambda: checks.grouping([[0, 1], []], 2),
        TypeError,
        "groups has lists of dtype float64, the shortest of length 0 ... at least one",
    ),
    "groups that overlap": (
        lambda: checks.grouping([[0, 1], [1, 2]], 3),
        ValueError,
        "groups has lists of 4 numbers, with predictor 1 2 times ... groups do not overlap",
    ),
    "a predictor in no group": (
        lambda: checks.grouping([[0], [1]], 3),
        ValueError,
        "with predictor 2 0 times ... must be in one list",
    ),
    "labels of several types": (
        lambda: checks.labels("labels", ["a", 1]),
        TypeError,
        "labels has dtype object; labels must be integers, booleans or strings, all of one type",
    ),
    "labels of two axes": (
        lambda: checks.labels("labels", [["a"]]),
        ValueError,
        "labels has shape (1, 1); it must be 1-D with at least one label",
    ),
    "groups of fractions": (
        lambda: checks.grouping([1.0, 2.0], 3),
        TypeError,
        "groups has dtype float64; labels must be integers, booleans or strings",
    ),
    "groups that do not add up": (
        lambda: checks.grouping([1, 2], 4),
        ValueError,
        "groups has 2 entries of sum 3, but there are 4 predictors; pass positive sizes of sum 4",
    ),
    "an empty group": (
        lambda: checks.grouping([4, 0], 4),
        ValueError,
        "groups has 2 entries of sum 4 ... pass positive sizes",
    ),
    "a target of another length": (
        lambda: checks.target("y", [1.0, 2.0], 3, "X"),
        ValueError,
        "y has 2 entries, but 3 are needed for X",
    ),
    "a design that is transposed": (
        lambda: checks.target("y", [1.0, 2.0], 3, "X of shape (3, 2)"),
        ValueError,
        "y has 2 entries, but 3 are needed for X of shape (3, 2); samples are rows: is it trans",
    ),
    "a function that returns samples": (
        lambda: training.full_batch_gradient(np.eye(2), lambda: iter([np.eye(2)]), 1.0, 2),
        TypeError,
        "Y is a function; it must be an array; pass what it returns",
    ),
    "a callback that is no function": (
        lambda: checks.callback("print"),
        TypeError,
        "callback = 'print' has type str; it must be a function",
    ),
    "a callback that runs nothing": (
        lambda: checks.callback(lambda intermediate_result: (yield)),
        TypeError,
        "callback is a generator or a coroutine ... write it without yield",
    ),
    "times before 0": (
        lambda: checks.times("t", [-1, 2]),
        ValueError,
        "t starts at -1.0; times must be >= 0",
    ),
    "times that decrease": (
        lambda: checks.times("t", [0, 2, 1]),
        ValueError,
        "t has 1.0 after 2.0; times must increase strictly; sort them",
    ),
    "a start at zero": (
        lambda: checks.positive("alpha", np.zeros(2)),
        ValueError,
        "alpha has the entry 0.0; every entry must be > 0",
    ),
    "a size whose powers overflow": (
        lambda: checks.moderate("part", 1.0, 1e60),
        ValueError,
        "part reaches 1e+60; its powers overflow; scale it to lie between 1e-50 and 1e+50",
    ),
    "a share of one": (
        lambda: checks.fraction("part", 1.0),
        ValueError,
        "part = 1.0 ... strictly between 0 and 1",
    ),
    "groups that do not divide the channels": (
        lambda: ops.ConvolutionalAutoencoder(3),
        ValueError,
        "n_groups = 3 does not divide the 512 latent channels ... choose a divisor of 512",
    ),
    "channels as one number": (
        lambda: ops.ConvolutionalAutoencoder(channels=8),
        TypeError,
        "channels = 8 ... one number of channels for each layer ... tuple",
    ),
    "parameters of no network": (
        lambda: checks.named_arrays("p", {}, {"W": (2,)}),
        ValueError,
        "p has the keys []; it must be a dict with the keys ['W']",
    ),
    "a parameter of another shape": (
        lambda: checks.named_arrays("p", {"W": [1, 2, 3]}, {"W": (2,)}),
        ValueError,
        "p['W'] has shape (3,), but this network needs (2,)",
    ),
}


def pattern(parts):
    """Regular expression for a message with the given parts, "..." for anything between."""
    return ".*".join(
        "".join(f"\\{c}" if c in ".()[]+*?'|$^" else c for c in part)
        for part in parts.split(" ... ")
    )


@pytest.mark.parametrize("name", REFUSALS)
def test_bad_arguments_are_refused(name):
    call, error, parts = REFUSALS[name]
    with pytest.raises(error, match=pattern(parts)):
        call()


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="long double is double here")
def test_extended_precision_is_refused():
    with pytest.raises(TypeError, match=r"Y has dtype \S+; it must be float32, float64"):
        ops.loss(A, Y.astype(np.longdouble), 1, 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float64_is_recommended_for_float32_only(dtype):
    x = np.array([1.0, 2.0], dtype)
    with pytest.raises(checks.RangeError) as error:
        checks.representable("the ratio", lambda: x / 0, x=x, lam=1.0)
    remedy = ", or pass float64" if dtype == np.float32 else ""
    message = f"the ratio cannot be represented in {x.dtype}: x reaches 2, lam reaches 1"
    assert str(error.value) == f"{message}; scale x and lam{remedy}"


def raised_at(call):
    """File and line of checks/ that raised the error; None if none did."""
    try:
        call()
    except (TypeError, ValueError) as error:
        frames = [
            frame
            for frame in inspect.getinnerframes(error.__traceback__)
            if Path(frame.filename) in CHECKS
        ]
        return (Path(frames[-1].filename), frames[-1].lineno) if frames else None


def test_every_raise_of_the_checks_is_reached_by_a_case_above():
    reached = {raised_at(call) for call, *_ in REFUSALS.values()} - {None}
    raises = [
        (path, node)
        for path in CHECKS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Raise)
    ]
    missed = []
    for path, node in raises:
        lines = {(path, n) for n in range(node.lineno, node.end_lineno + 1)}
        if not reached & lines:
            missed.append(f"{path.name}:{node.lineno}")
    assert not missed, f"no case reaches the raise at {missed}"


@pytest.mark.parametrize("option", [["exact"], {"exact"}, np.array(["exact", "exact"]), None, 0])
@pytest.mark.parametrize("name", ["gradient", "form"])
def test_an_option_of_another_type_is_refused_by_name(name, option):
    with pytest.raises(
        (TypeError, ValueError), match=f"{name} = .* is unknown; choose one of 'exact'"
    ):
        ops.loss_and_grad(A, Y, 1, 2, option) if name == "gradient" else ops.expected_gradient(
            A, A, 0.5, 1, 2, form=option
        )


# ---- what the checks return


def test_accepted_values_are_returned_in_one_form():
    assert checks.count("k", np.int32(3)) == 3
    assert checks.n_active(2, 2) == 2
    assert checks.group_size(np.int64(2), 4) == 2
    assert checks.norm_bounds(4, np.float32(4)) == (4.0, 4.0)
    assert checks.step(1) == 1.0
    assert checks.option("form", "exact", ("exact",)) == "exact"
    assert checks.threshold(0) == 0.0
    assert checks.threshold(np.float32(0.5)) == 0.5
    for value in (checks.count("k", np.int32(3)), checks.group_size(np.int64(2), 4)):
        assert type(value) is int
    assert type(checks.threshold(np.float32(0.5))) is float


def test_an_exact_fraction_is_a_real_number():
    assert checks.threshold(Fraction(1, 2)) == 0.5


def test_a_covariance_for_all_groups_is_repeated_for_each():
    each = np.stack([np.eye(2), 2 * np.eye(2), 3 * np.eye(2)])
    np.testing.assert_array_equal(checks.covariance("C", 2, 3, 2), np.stack([2 * np.eye(2)] * 3))
    np.testing.assert_array_equal(
        checks.covariance("C", 2 * np.eye(2), 3, 2), np.stack([2 * np.eye(2)] * 3)
    )
    np.testing.assert_array_equal(checks.covariance("C", each, 3, 2), each)
    np.testing.assert_array_equal(checks.covariance("C", 0, 3, 2), np.zeros((3, 2, 2)))


def test_one_number_for_all_groups_is_repeated_for_each():
    np.testing.assert_array_equal(checks.per_group("tau", 0.5, 3), [0.5] * 3)
    np.testing.assert_array_equal(checks.per_group("tau", [1, 2, 3], 3), [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    "indices",
    [[[0, 2], [1, 0]], np.array([[2, 0], [0, 1]], np.uint8), np.array([[0, 2], [1, 0]], ">i4")],
)
def test_indices_of_active_groups_become_a_mask(indices):
    mask = checks.support("support", indices, 2, 3)
    np.testing.assert_array_equal(mask, [[True, False, True], [True, True, False]])
    np.testing.assert_array_equal(checks.support("support", mask, 2, 3), mask)


def test_an_empty_support_becomes_an_empty_mask():
    assert not checks.support("support", np.zeros((2, 0), int), 2, 3).any()


def test_a_generator_is_returned_and_an_int_seeds_one():
    rng = np.random.default_rng(1)
    assert checks.generator(rng) is rng
    assert checks.generator(5).integers(10**9) == np.random.default_rng(5).integers(10**9)
    assert isinstance(checks.generator(None), np.random.Generator)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "u8", ">i8", ">f8", "f8"])
def test_integers_and_other_byte_orders_become_native_float64(dtype):
    result = checks.array("Y", np.array([[1, 2, 3]], dtype))
    assert result.dtype == np.dtype("=f8")
    assert result.dtype.isnative
    np.testing.assert_array_equal(result, [[1.0, 2.0, 3.0]])


@pytest.mark.parametrize("dtype", [">f4", "<f4"])
def test_single_precision_of_any_byte_order_becomes_native_float32(dtype):
    result = checks.array("Y", np.array([1.5], dtype))
    assert result.dtype == np.float32
    assert result.dtype.isnative


# ---- sums of squares


@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 8193, 20_000])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_sum_of_squares_has_every_entry_once(size, dtype):
    x = np.arange(1, size + 1).astype(dtype)[::-1]
    exact = size * (size + 1) * (2 * size + 1) // 6
    assert checks.sum_of_squares(x) == pytest.approx(exact, rel=1e-6)
    assert checks.sum_of_squares(np.asfortranarray(x.reshape(-1, 1))) == checks.sum_of_squares(x)


@pytest.mark.parametrize("place", [0, 8191, 8192, 19_999])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_sum_of_squares_is_not_finite_where_an_entry_is_not(place, value):
    x = np.ones(20_000, np.float32)
    x[place] = value
    assert not np.isfinite(checks.sum_of_squares(x))
    assert not checks.all_finite(x)
    with pytest.raises(ValueError, match=rf"1 non-finite entry, at index \({place},\)"):
        checks.array("x", x)
    x[place] = 1e30  # finite, but its square is not
    assert checks.all_finite(x)
