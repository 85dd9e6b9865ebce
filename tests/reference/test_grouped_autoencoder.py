"""The convolutional autoencoders: gradients, linear layers and groups, refusals, training."""

from dataclasses import replace

import numpy as np
import pytest
from gradient_checks import agreement, central_difference, taylor, taylor_order

from gsae_ref.ops import ConvolutionalAutoencoder, VariationalAutoencoder
from gsae_ref.reference import grouped_autoencoder, variational_autoencoder
from gsae_ref.training import descent
from gsae_ref.training.convolutional import train_convolutional

SMALL = ConvolutionalAutoencoder(
    n_groups=2, n_linear=2, n_latent=6, image_size=8, channels=(3, 4), decoder_channels=(4, 3)
)
KINDS = {
    "AE": replace(SMALL, n_groups=1, n_linear=0),
    "IRMAE": replace(SMALL, n_groups=1),
    "GAE": SMALL,
    "one convolution": replace(SMALL, channels=(4,), decoder_channels=(6,)),
}


def margin(layers, parameters, images):
    """The smallest absolute pre-activation of a relu: its distance from the kink."""
    inputs = grouped_autoencoder.forward(layers, parameters, images)
    distances = []
    for layer, X in zip(layers, inputs[:-1], strict=True):
        if layer.activation == "relu":
            linear = layer._replace(activation="identity")
            Z = grouped_autoencoder.forward([linear], parameters, X)[-1]
            distances.append(np.abs(Z).min())
    return min(distances)


def drawn(network, seed=0, n=3):
    """Images, and parameters so large that the encoder matters, with every relu off its kink."""
    rng = np.random.default_rng([seed, 7])
    for _ in range(200):
        parameters = {name: 1.5 * value for name, value in network.start(rng, "float64").items()}
        Y = rng.uniform(size=(n, network.image_size**2))
        images = Y.reshape(n, network.image_size, network.image_size, 1)
        layers = (*network.encoder, *network.decoder)
        if n > 3 or margin(layers, parameters, images) > 3e-4:
            return parameters, Y
    raise AssertionError("every draw has a relu near its kink")


# ---- another route


def by_torch(network, parameters, Y):
    """Loss and gradients by torch's convolutions and autograd; the architecture is written anew."""
    import torch

    leaves = {
        name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for name, value in parameters.items()
    }

    def kernel(name):  # (g, i, j, c, o) -> torch's (g o, c, i, j)
        K = leaves[f"{name}.kernel"]
        return K.permute(0, 4, 3, 1, 2).reshape(-1, K.shape[3], K.shape[1], K.shape[2])

    functional = torch.nn.functional
    halving = {"stride": 2, "padding": 1}
    n_conv = len(network.channels)
    n_deconv = len(network.decoder_channels)
    Y = torch.tensor(Y).reshape(-1, 1, network.image_size, network.image_size)
    X = Y
    for i in range(1, n_conv + 1):
        Z = functional.conv2d(X, kernel(f"conv{i}"), leaves[f"conv{i}.bias"], **halving)
        X = torch.relu(Z)
    last = f"conv{n_conv + 1}"
    X = functional.conv2d(X, kernel(last), leaves[f"{last}.bias"], groups=network.n_groups)
    X = X.reshape(len(Y), -1)
    for i in range(1, network.n_linear + 1):
        X = X @ torch.block_diag(*leaves[f"linear{i}.kernel"][:, 0, 0])
    X = X.reshape(len(Y), -1, 1, 1)
    Z = functional.conv_transpose2d(X, kernel("deconv1"), leaves["deconv1.bias"])
    X = torch.relu(Z)
    for i in range(2, n_deconv + 1):
        name = f"deconv{i}"
        Z = functional.conv_transpose2d(X, kernel(name), leaves[f"{name}.bias"], **halving)
        X = torch.relu(Z)
    last = f"deconv{n_deconv + 1}"
    X = torch.tanh(functional.conv_transpose2d(X, kernel(last), leaves[f"{last}.bias"]))
    cost = ((X - Y) ** 2).sum() / (2 * len(Y))
    cost.backward()
    return cost.item(), {name: leaf.grad.numpy() for name, leaf in leaves.items()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_loss_and_gradient_agree_with_torch(seed, kind):
    pytest.importorskip("torch")
    parameters, Y = drawn(KINDS[kind], seed)
    cost, gradient = KINDS[kind].loss_and_grad(parameters, Y)
    expected_cost, expected = by_torch(KINDS[kind], parameters, Y)
    agreement(cost, expected_cost)
    assert set(gradient) == set(expected) == set(parameters)
    for name in expected:
        assert np.linalg.norm(expected[name]) > 0, f"the gradient in {name} is zero"
        agreement(gradient[name], expected[name], rtol=1e-11)


# ---- the gradient


@pytest.mark.parametrize("name", SMALL.shapes)
@pytest.mark.parametrize("seed", range(2))
def test_the_gradient_in_each_parameter_passes_both_checks(seed, name):
    parameters, Y = drawn(SMALL, seed)
    cost = lambda value: SMALL.loss(parameters | {name: value}, Y)
    G = SMALL.loss_and_grad(parameters, Y)[1][name]
    D = direction(G, seed)
    central_difference(cost, G, parameters[name], D)
    taylor(cost, G, parameters[name], D)


def direction(G, seed=0):
    """Roughly along the gradient, so that the Taylor remainder exceeds rounding."""
    return np.random.default_rng(seed).normal(size=G.shape) + 3 * np.sign(G)


def test_the_gradient_in_all_parameters_together_passes_both_checks():
    parameters, Y = drawn(SMALL)
    pack = lambda arrays: np.concatenate([arrays[name].ravel() for name in SMALL.shapes])
    stops = np.cumsum([np.prod(shape) for shape in SMALL.shapes.values()])[:-1]

    def cost(flat):
        parts = zip(SMALL.shapes.items(), np.split(flat, stops), strict=True)
        return SMALL.loss({name: part.reshape(shape) for (name, shape), part in parts}, Y)

    G = pack(SMALL.loss_and_grad(parameters, Y)[1])
    A = pack(parameters)
    for seed in range(3):
        D = np.random.default_rng(seed).normal(size=A.shape)
        central_difference(cost, G, A, D)
        taylor(cost, G, A, D)


@pytest.mark.parametrize("kind", ["IRMAE", "GAE"])
def test_gradients_of_successive_linear_layers_are_balanced(kind):
    """W_1^T G_1 = G_2 W_2^T in every group, as W_1 -> W_1 M, W_2 -> M^-1 W_2 preserves the map.

    So gradient flow preserves W_1^T W_1 - W_2 W_2^T, which couples the singular values of the
    layers.
    """
    parameters, Y = drawn(KINDS[kind])
    gradient = KINDS[kind].loss_and_grad(parameters, Y)[1]
    W_1, W_2 = (parameters[f"linear{i}.kernel"][:, 0, 0] for i in (1, 2))
    G_1, G_2 = (gradient[f"linear{i}.kernel"][:, 0, 0] for i in (1, 2))
    assert np.linalg.norm(G_1) > 1e-3
    for g in range(KINDS[kind].n_groups):
        agreement(W_1[g].T @ G_1[g], G_2[g] @ W_2[g].T)


MUTANTS = {
    "wrong sign": lambda G, name: -G,
    "a factor 1.001": lambda G, name: 1.001 * G,
    "kernel flipped": lambda G, name: G[:, ::-1] if name == "conv1.kernel" else G,
    "a bias forgotten": lambda G, name: 0 * G if name == "conv3.bias" else G,
    "linear layers transposed": lambda G, name: G.swapaxes(3, 4) if name == "linear1.kernel" else G,
    "groups exchanged": lambda G, name: G[::-1] if name == "conv3.kernel" else G,
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_planted_error_in_the_gradient_is_found(mutant):
    parameters, Y = drawn(SMALL)
    gradient = SMALL.loss_and_grad(parameters, Y)[1]
    caught = []
    for name, G in gradient.items():
        cost = lambda value, name=name: SMALL.loss(parameters | {name: value}, Y)
        wrong = MUTANTS[mutant](G, name)
        D = direction(G)
        try:
            central_difference(cost, wrong, parameters[name], D)
        except AssertionError:
            caught.append(name)
            if "1.001" not in mutant:
                assert taylor_order(cost, wrong, parameters[name], D) < 1.5
    assert caught


def test_at_the_kink_of_relu_the_derivative_is_zero():
    layers = grouped_autoencoder.decoder_layers(1, (1,), 1)
    shapes = grouped_autoencoder.shapes(layers)
    parameters = {name: np.ones(shape) for name, shape in shapes.items()}
    parameters["deconv1.bias"] = np.array([-2.0])  # relu(1 * 2 - 2)
    gradient = grouped_autoencoder.loss_and_grad(layers, parameters, np.full((1, 1, 1, 1), 2.0))[1]
    assert gradient["deconv1.kernel"].item() == gradient["deconv1.bias"].item() == 0
    assert gradient["deconv2.bias"].item() != 0


# ---- the variational rival

VARIATIONAL = VariationalAutoencoder(
    n_latent=5, image_size=8, channels=(3, 4), decoder_channels=(4, 3), weight=0.3
)


def noisy(seed=0):
    """Parameters, images and noise with every relu away from its kink."""
    rng = np.random.default_rng([seed, 9])
    for _ in range(200):
        start = VARIATIONAL.start(rng, "float64")
        parameters = {name: 1.5 * value for name, value in start.items()}
        Y = rng.uniform(size=(3, 64))
        noise = rng.normal(size=(3, 5))
        images = Y.reshape(3, 8, 8, 1)
        H = grouped_autoencoder.forward(VARIATIONAL.encoder, parameters, images)[-1]
        X = variational_autoencoder.sample(H, noise.reshape(3, 1, 1, 5))[2]
        of_encoder = margin(VARIATIONAL.encoder, parameters, images)
        of_decoder = margin(VARIATIONAL.decoder, parameters, X)
        if min(of_encoder, of_decoder) > 3e-4:
            return parameters, Y, noise
    raise AssertionError("every draw has a relu near its kink")


@pytest.mark.parametrize("name", VARIATIONAL.shapes)
def test_the_variational_gradient_in_each_parameter_passes_both_checks(name):
    parameters, Y, noise = noisy()
    cost = lambda value: VARIATIONAL.loss(parameters | {name: value}, Y, noise)
    value, gradient = VARIATIONAL.loss_and_grad(parameters, Y, noise)
    assert value == VARIATIONAL.loss(parameters, Y, noise)
    D = direction(gradient[name])
    central_difference(cost, gradient[name], parameters[name], D)
    taylor(cost, gradient[name], parameters[name], D)


def test_the_variational_objective_is_error_plus_weighted_divergence_by_loops():
    parameters, Y, noise = noisy()
    images = Y.reshape(3, 8, 8, 1)
    H = grouped_autoencoder.forward(VARIATIONAL.encoder, parameters, images)[-1].reshape(3, 10)
    expected = 0.0
    for h, y, eps in zip(H, Y, noise, strict=True):
        code = []
        for k in range(5):
            mean = h[k]
            variance = np.exp(h[5 + k])
            code.append(mean + np.sqrt(variance) * eps[k])
            expected += 0.3 * 0.5 * (mean**2 + variance - 1 - np.log(variance)) / 3
        expected += 0.5 * sum((VARIATIONAL.decode(parameters, code) - y) ** 2) / 3
    agreement(VARIATIONAL.loss(parameters, Y, noise), expected)
    agreement(VARIATIONAL.encode(parameters, Y), H[:, :5])


def test_the_divergence_is_the_expected_log_ratio_of_the_two_normal_laws():
    """KL(N(m, e^v), N(0, 1)) by quadrature, against the objective without a residual."""
    m = 0.7
    v = -0.4
    x, w = np.polynomial.hermite_e.hermegauss(60)
    sample = m + np.exp(v / 2) * x
    log_ratio = (-0.5 * x**2 - v / 2) - (-0.5 * sample**2)
    H = np.array([[m, v]])
    mean, log_variance, _ = variational_autoencoder.sample(H, np.zeros((1, 1)))
    divergence = variational_autoencoder._cost(np.zeros((1, 1)), mean, log_variance, 1.0)
    assert divergence == pytest.approx(w @ log_ratio / w.sum(), rel=1e-12)


def test_without_noise_and_weight_the_mean_is_decoded():
    parameters, Y, noise = noisy()
    plain = replace(VARIATIONAL, weight=0)
    E = plain.decode(parameters, plain.encode(parameters, Y)) - Y
    agreement(plain.loss(parameters, Y, 0 * noise), np.sum(E**2) / 6)


def test_variational_training_draws_the_same_noise_after_a_stop(tmp_path):
    _, Y, _ = noisy()
    whole = train_convolutional(VARIATIONAL, Y, 3, batch_size=2, step_size=0.01)
    path = tmp_path / "run.npz"
    train_convolutional(VARIATIONAL, Y, 1, batch_size=2, step_size=0.01, checkpoint=path)
    rest = train_convolutional(
        VARIATIONAL, Y, 3, batch_size=2, step_size=0.01, checkpoint=path, resume=True
    )
    assert rest.history == whole.history
    assert len(set(whole.history["loss"])) == 3


# ---- what linear layers and groups are


@pytest.mark.parametrize("kind", ["IRMAE", "GAE"])
def test_linear_layers_are_absorbed_into_the_convolution_before_them(kind):
    parameters, Y = drawn(KINDS[kind])
    merged, absorbed = KINDS[kind].collapse(parameters)
    assert merged.n_linear_parameters == 0
    assert set(absorbed) == set(merged.shapes)
    agreement(merged.encode(absorbed, Y), KINDS[kind].encode(parameters, Y))
    agreement(merged.loss(absorbed, Y), KINDS[kind].loss(parameters, Y))


def test_without_linear_layers_nothing_collapses():
    parameters, _ = drawn(KINDS["AE"])
    merged, absorbed = KINDS["AE"].collapse(parameters)
    assert merged == KINDS["AE"]
    assert all(np.array_equal(absorbed[name], parameters[name]) for name in parameters)


def test_the_linear_layers_bound_the_rank_of_the_codes():
    """A layer of rank 1 in each of 2 groups gives centred codes of rank 2."""
    parameters, Y = drawn(SMALL, n=20)
    W = parameters["linear2.kernel"]
    parameters["linear2.kernel"] = W[:, :, :, :, :1] * np.ones((1, 1, 1, 1, 3))
    codes = SMALL.encode(parameters, Y)
    assert np.linalg.matrix_rank(codes - codes.mean(axis=0), tol=1e-9) == 2
    full = SMALL.encode(drawn(SMALL)[0], Y)
    assert np.linalg.matrix_rank(full - full.mean(axis=0), tol=1e-9) == 6


def test_a_group_of_codes_depends_on_its_group_of_channels_only():
    parameters, Y = drawn(SMALL)
    before = SMALL.encode(parameters, Y)
    parameters["conv3.kernel"][0] = 0  # cuts the first group off from its channels
    after = SMALL.encode(parameters, Y)
    assert not np.allclose(after[:, :3], before[:, :3])
    np.testing.assert_array_equal(after[:, 3:], before[:, 3:])


@pytest.mark.parametrize(
    ("n_groups", "count", "printed"), [(1, 786432, "786K"), (4, 196608, "196K"), (8, 98304, "98K")]
)
def test_the_parameters_of_the_linear_layers_are_those_of_table_2(n_groups, count, printed):
    network = ConvolutionalAutoencoder(n_groups, n_linear=3)
    assert network.n_linear_parameters == count == 3 * 512**2 // n_groups
    assert f"{count // 1000}K" == printed  # truncated: 196608 would round to 197K
    linear = [shape for name, shape in network.shapes.items() if name.startswith("linear")]
    assert sum(np.prod(shape) for shape in linear) == count


def test_a_linear_layer_divides_the_squared_norm_by_three_at_the_start():
    network = replace(KINDS["IRMAE"], n_latent=200, n_linear=1)
    X = np.random.default_rng(0).normal(size=(50, 200))
    ratios = []
    for seed in range(20):
        W = network.start(seed, "float64")["linear1.kernel"][0, 0, 0]
        ratios.append(np.sum((X @ W) ** 2) / np.sum(X**2))
    assert np.mean(ratios) == pytest.approx(1 / 3, abs=4 * np.std(ratios) / np.sqrt(20))
    assert np.std(ratios) < 0.01


# ---- refusals


def test_one_image_may_be_passed_as_a_vector():
    parameters, Y = drawn(SMALL)
    assert SMALL.encode(parameters, Y[0]).shape == (6,)
    agreement(SMALL.encode(parameters, Y[0]), SMALL.encode(parameters, Y)[0])
    codes = SMALL.encode(parameters, Y)
    agreement(SMALL.decode(parameters, codes[1]), SMALL.decode(parameters, codes)[1])
    E = SMALL.decode(parameters, codes) - Y
    agreement(SMALL.loss(parameters, Y), np.sum(E**2) / 6)
    assert SMALL.loss(parameters, Y) == SMALL.loss_and_grad(parameters, Y)[0]


def test_dtypes_are_preserved_and_mixtures_promoted():
    parameters, Y = drawn(SMALL)
    single = {name: value.astype(np.float32) for name, value in parameters.items()}
    assert SMALL.start(0)["conv1.kernel"].dtype == np.float32
    assert SMALL.encode(single, Y.astype(np.float32)).dtype == np.float32
    assert SMALL.encode(single, Y).dtype == np.float64
    gradient = SMALL.loss_and_grad(single, Y.astype(np.float32))[1]
    assert {G.dtype for G in gradient.values()} == {np.dtype(np.float32)}
    for name, G in SMALL.loss_and_grad(parameters, Y)[1].items():
        agreement(gradient[name], G, rtol=2e-5)


def test_inputs_are_not_modified_and_their_layout_does_not_matter():
    parameters, Y = drawn(SMALL)
    frozen = {name: np.asfortranarray(value) for name, value in parameters.items()}
    for value in (*frozen.values(), Y):
        value.flags.writeable = False
    for name, G in SMALL.loss_and_grad(frozen, Y[::-1])[1].items():
        agreement(G, SMALL.loss_and_grad(parameters, Y)[1][name])


def test_the_same_seed_gives_the_same_start():
    first = SMALL.start(3)
    again = SMALL.start(np.random.default_rng(3))
    other = SMALL.start(4)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["conv1.kernel"], other["conv1.kernel"])


REFUSALS = {
    "groups that do not divide the code": (
        lambda: replace(SMALL, n_groups=4),
        "n_groups = 4 does not divide the 6 latent channels",
    ),
    "groups that do not divide the channels": (
        lambda: replace(SMALL, n_groups=3),
        "n_groups = 3 does not divide the 4 channels before",
    ),
    "an image that cannot be halved": (
        lambda: replace(SMALL, image_size=6),
        "= 4 does not divide the 6 pixels of image_size",
    ),
    "a negative number of layers": (
        lambda: replace(SMALL, n_linear=-1),
        "n_linear = -1; it must be at least 0",
    ),
    "channels that are no tuple": (
        lambda: replace(SMALL, channels=4),
        "channels = 4; it must be one number of channels for each layer",
    ),
    "no channel": (
        lambda: replace(SMALL, decoder_channels=(4, 0)),
        r"decoder_channels\[1\] = 0; it must be at least 1",
    ),
    "another type": (lambda: SMALL.start(0, "float16"), "dtype = 'float16' is unknown"),
    "images of another size": (
        lambda: SMALL.loss(SMALL.start(0), np.ones((2, 49))),
        "Y has shape .2, 49.* 64 are needed",
    ),
    "codes of another length": (
        lambda: SMALL.decode(SMALL.start(0), np.ones(5)),
        "X has shape .5,.* 6 are needed",
    ),
    "parameters of another network": (
        lambda: SMALL.loss(KINDS["AE"].start(0), np.ones(64)),
        "parameters has the keys .* it must be a dict with the keys .*linear1.kernel",
    ),
    "a parameter of another shape": (
        lambda: SMALL.loss(KINDS["IRMAE"].start(0), np.ones(64)),
        r"parameters\['conv3.kernel'\] has shape .* this network needs \(2, ",
    ),
    "noise for fewer images": (
        lambda: VARIATIONAL.loss(VARIATIONAL.start(0), np.ones((2, 64)), np.ones(5)),
        "noise without its channels has shape .*must be equal",
    ),
    "noise of another length": (
        lambda: VARIATIONAL.loss(VARIATIONAL.start(0), np.ones(64), np.ones(4)),
        "noise has shape .4,.* 5 are needed",
    ),
    "a negative weight": (lambda: replace(VARIATIONAL, weight=-1), "weight = -1.0 is negative"),
    "an image that is not finite": (
        lambda: SMALL.loss(SMALL.start(0), np.full(64, np.nan)),
        "Y has 64 non-finite entries",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_bad_input_is_refused(name):
    call, message = REFUSALS[name]
    with pytest.raises((TypeError, ValueError), match=message):
        call()


# ---- training


def test_training_resumes_bit_for_bit(tmp_path):
    _, Y = drawn(SMALL, n=10)
    whole = train_convolutional(SMALL, Y, 4, batch_size=4, step_size=0.01)
    path = tmp_path / "run.npz"
    train_convolutional(SMALL, Y, 2, batch_size=4, step_size=0.01, checkpoint=path)
    rest = train_convolutional(
        SMALL, Y, 4, batch_size=4, step_size=0.01, checkpoint=path, resume=True
    )
    assert rest.history == whole.history
    assert all(
        np.array_equal(rest.state.parameters[name], value)
        for name, value in whole.state.parameters.items()
    )
    with pytest.raises(ValueError, match="belongs to another run"):
        train_convolutional(KINDS["IRMAE"], Y, 4, batch_size=4, checkpoint=path, resume=True)


def test_one_step_of_gradient_descent_is_the_gradient():
    parameters, Y = drawn(SMALL)
    run = train_convolutional(
        SMALL, Y, 1, parameters=parameters, optimizer="gradient_descent", step_size=0.1
    )
    cost, gradient = SMALL.loss_and_grad(parameters, Y)
    assert run.history["loss"] == [pytest.approx(cost, rel=1e-12)]
    for name, value in parameters.items():
        agreement(run.state.parameters[name], value - 0.1 * gradient[name])


@pytest.mark.parametrize("kind", ["AE", "IRMAE", "GAE"])
def test_every_kind_learns_to_reconstruct(kind):
    ramp = np.broadcast_to(np.linspace(0, 1, 8), (8, 8))
    two_images = np.stack([ramp.ravel(), ramp.T.ravel()])
    Y = np.random.default_rng(0).uniform(size=(40, 2)) @ two_images / 2
    network = replace(KINDS[kind], channels=(8, 8), decoder_channels=(8, 8))
    run = train_convolutional(network, Y, 40, batch_size=8, step_size=1e-2)
    assert run.message == "all epochs done"
    assert network.loss(run.state.parameters, Y) < 0.2 * np.sum((Y - Y.mean(axis=0)) ** 2) / 80


def test_a_run_that_diverges_is_refused():
    _, Y = drawn(SMALL)
    with pytest.raises(descent.DivergenceError, match="no longer finite"):
        train_convolutional(SMALL, 1e200 * Y, 1)
