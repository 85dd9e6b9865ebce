"""The public names with their arguments: names, order, kinds, defaults; of a class, its fields."""

PUBLIC = {
    "Claim": (
        "(conclusion, model='groups', sizes=None, given=(), where=(), let=<factory>, away=(),"
        " name='', distance='', floor=0.01)"
    ),
    "Closeness": "(delta, permutation, signs)",
    "DataThreshold": "(lam, low, high, n_active, n_samples, failure_bound)",
    "DiagonallyGroupedLinearRegressor": (
        "(groups=None, *, algorithm='algorithm_2', n_epochs=2000, alpha=0.0001, gamma=0.2, "
        "eta=None, early_stopping=True, validation_fraction=0.2, fit_intercept=True, "
        "record_every=10, random_state=0, group_sizes=None, group_labels=None)"
    ),
    "DesignReport": (
        "(sizes, measures, group_norms, gamma, alpha, hypotheses, ranges, verdicts, bounds=(), "
        "not_held=<factory>)"
    ),
    "DictionaryMatch": (
        "(permutation, aligned, error, error_per_atom, mean_correlation, chance_error, "
        "chance_error_std, chance_mean_correlation, chance_mean_correlation_std)"
    ),
    "DictionaryReport": (
        "(sizes, coherence, block_coherence, cross_block_norm, delta, orthonormality, "
        "closeness, principal_angles, hypotheses, intervals, certified, lam=None, measured=None, "
        "observed=None, bounds=(), not_held=<factory>)"
    ),
    "DivergenceError": "FloatingPointError",
    "EarlyStop": "(w, epoch, index, scores)",
    "GradientComparison": "(overall, tangential, radial)",
    "GroupSparseAutoencoder": (
        "(n_groups=10, group_size=2, lam=0.1, *, n_unfold=1, unfold_step=None, "
        "accelerated=True, nonnegative=False, l1=0.0, n_epochs=50, batch_size=128, "
        "optimizer='adam', step_size=0.001, gradient='exact', constraint='columns', "
        "tangent=True, weight_decay=0.0, init='samples', random_state=None, verbose=False, "
        "engine='auto', n_active=None, debias=False, tol=0.0)"
    ),
    "GroupSparseSample": "(Y, X, support)",
    "GroupedRegression": "(X, y, w_star, groups, noise)",
    "Images": "(train_images, train_labels, test_images, test_labels)",
    "LEDGER": "Ledger",
    "Nearness": "(delta, xi, permutation, signs)",
    "RunCertificate": (
        "(certified, reason, angles, sines, floor, margin, step_size, lam, failure=0.0)"
    ),
    "RunPlan": "(lam, n_samples, floor)",
    "RunPrediction": "(rate, floor, bias, spread, step_limit, factors, lam, step_size)",
    "SamplesCertificate": (
        "(certified, reasons, n_samples, spans, theorems, targets, tangents, rates, late_rates, "
        "guaranteed, measured, n_steps)"
    ),
    "SparseAutoencoder": (
        "(n_components=20, lam=0.1, activation='soft', *, fit_bias=True, n_epochs=50, "
        "batch_size=128, optimizer='adam', step_size=0.001, constraint='columns', "
        "tangent=True, init='samples', random_state=None, verbose=False, engine='auto', "
        "n_active=None, debias=False, tol=0.0)"
    ),
    "SparseDictionaryReport": (
        "(sizes, measures, permutation, hypotheses, ranges, verdicts, bounds=(), "
        "not_held=<factory>)"
    ),
    "SparseSample": "(Y, X, support)",
    "SupportInterval": "(low, high)",
    "SupportLaw": "(supports, probabilities)",
    "VerificationReport": "(rows, settings)",
    "block_coherence": "(A, group_size)",
    "certify_run": (
        "(A, A_star, lam, group_size, n_active, norms, step_size=None, n_steps=100, "
        "n_samples=None, failure=0.05, same_samples=False)"
    ),
    "certify_samples": "(A, Y, lam, group_size, step_size, n_steps=100)",
    "check_design": (
        "(X, y, groups, n_active=None, *, w_star=None, epsilon=None, gamma=None, alpha=None, "
        "n_iter=None)"
    ),
    "check_dictionary": (
        "(A, group_size, n_active=None, b_min=None, b_max=None, A_star=None, *, codes=None, "
        "data=None, lam=None)"
    ),
    "check_sparse_dictionary": (
        "(W, n_active=None, a_1=None, a_2=None, A_star=None, *, codes=None, moments=(1.0, 1.0), "
        "noise=0.0, bias=None, step_size=None)"
    ),
    "closeness": "(W, A_star, up_to='sign')",
    "clustering_accuracy": "(labels_true, labels_pred)",
    "clustering_chance": "(labels_true, n_clusters, n_draws=100, rng=0)",
    "code_moments": "(model, bounds=(1, 1))",
    "coherence": "(A)",
    "compare_gradients": "(A, Y, lam, group_size, support=None)",
    "data_threshold": "(A, Y, n_active, group_size)",
    "debiasing_threshold": "(norms, group_size)",
    "decode": "(A, X)",
    "dglnn_flow": (
        "(X, y, groups=None, t=None, alpha=0.001, v0=None, loss_scale='half', method='DOP853', "
        "rtol=1e-10, *, group_sizes=None, group_labels=None)"
    ),
    "dglnn_loss_and_grad": (
        "(u, v, X, y, groups=None, loss_scale='half', *, group_sizes=None, group_labels=None)"
    ),
    "dglnn_path": (
        "(X, y, groups=None, algorithm='algorithm_1', n_epochs=1000, alpha=1e-06, gamma=0.001, "
        "eta=None, v0=None, switch=None, tolerance=0.1, u_star=None, loss_scale='half', "
        "jacobi=False, record_every=1, rng=None, callback=None, engine='auto', *, "
        "group_sizes=None, group_labels=None)"
    ),
    "dglnn_weights": "(u, v, groups=None, *, group_sizes=None, group_labels=None)",
    "dictionary_error": "(A, A_star)",
    "early_stop": "(path, rule='validation', epoch=None, X=None, y=None, window=None, w_star=None)",
    "encode": "(A, Y, lam, group_size)",
    "expected_gradient": "(A, A_star, tau, n_active, group_size, code_variance=1.0, form='exact')",
    "explain": "(row_id, quick=True, rng=0)",
    "full_batch_gradient": (
        "(A, Y, lam, group_size, gradient='exact', block_size=4096, n_unfold=1, "
        "unfold_step=None, accelerated=True, nonnegative=False, l1=0.0, engine='auto')"
    ),
    "get_num_threads": "()",
    "group_soft_threshold": "(Z, lam, group_size)",
    "group_soft_threshold_vjp": "(Z, V, lam, group_size)",
    "grouped_regression": (
        "(n_samples, n_features, groups, coefficients, design='rademacher', noise_std=0.5, "
        "rng=None)"
    ),
    "initialise_sparse": (
        "(kind, n_atoms=None, Y=None, A_star=None, delta=0.5, n_pairs=2000, rng=None)"
    ),
    "load_digits": "(dtype='float32')",
    "load_fashion_mnist": "(source=None, dtype='float32', download=True)",
    "load_mnist": "(source=None, dtype='float32', download=True)",
    "loss": "(A, Y, lam, group_size)",
    "loss_and_grad": "(A, Y, lam, group_size, gradient='exact', engine='auto', support=None)",
    "make_dictionary": "(n_features, n_groups, group_size, kind='gaussian', rng=None)",
    "match_dictionaries": "(A, A_star, group_size=1, up_to='permutation', n_chance=16, rng=0)",
    "nearness": "(W, A_star, up_to='sign')",
    "perturb_dictionary": (
        "(A_star, correlation=None, delta=None, group_size=1, direction='generic', rng=None)"
    ),
    "plan_run": "(A_star, accuracy, group_size, n_active, norms, lam_min=0.0)",
    "predict_run": ("(A_star, lam, group_size, n_active, norms, step_size, n_samples=None)"),
    "principal_angles": "(A, B, group_size)",
    "sample": (
        "(A_star, n_samples, n_active, group_size, norm_range=(4, 5), snr_db=None, rng=None, "
        "coefficients='sphere')"
    ),
    "sample_blocks": (
        "(A_star, n_samples, n_active, group_size, norm_range=(4, 5), snr_db=None, rng=None, "
        "coefficients='sphere', block_size=4096)"
    ),
    "sample_sparse": (
        "(A_star, n_samples, model='mixture', n_active=None, supports=None, "
        "probabilities=None, bounds=(1, 1), noise=0.0, rng=None)"
    ),
    "set_num_threads": "(n_threads)",
    "show_versions": "()",
    "signed_path": (
        "(X, y, n_epochs=1000, alpha=1e-06, step_size=0.001, negative_part=True, "
        "loss_scale='half', record_every=1, callback=None, engine='auto')"
    ),
    "sparse_encode": "(W, Y, bias=0.0, activation='relu', lam=0.0)",
    "sparse_expected_gradient": (
        "(W, A_star, supports, probabilities, bias=0.0, moments=(0.0, 1.0), form='exact', "
        "noise=0.0)"
    ),
    "sparse_loss": "(W, Y, bias=0.0, activation='relu', lam=0.0)",
    "sparse_loss_and_grad": (
        "(W, Y, bias=0.0, activation='relu', lam=0.0, gradient='exact', engine='auto')"
    ),
    "stress": "(claim, budget=40000, *, seeds=3, rng=0, n_jobs=1, backend='loky', progress=False)",
    "support_interval": "(A, A_star, group_size, n_active, b_min, b_max, form='corrected')",
    "support_law": "(kind, n_atoms, n_active=None, probabilities=None)",
    "support_moments": "(supports, probabilities=None)",
    "support_recovery": "(support_true, support_pred, n_groups=None)",
    "train": (
        "(A, Y, lam, group_size, n_epochs, *, gradient='exact', n_unfold=1, unfold_step=None,"
        " accelerated=True, nonnegative=False, l1=0.0, optimizer='adam', step_size=0.001, "
        "batch_size=None, constraint='none', tangent=False, weight_decay=0.0, A_star=None, "
        "support=None, measure=True, rng=0, callback=None, progress=False, checkpoint=None, "
        "checkpoint_every=10, resume=False, engine='auto')"
    ),
    "train_sparse": (
        "(W, Y, n_epochs, *, bias=0.0, activation='relu', lam=0.0, gradient='exact', "
        "optimizer='gradient_descent', step_size=None, normalise=False, "
        "bias_schedule='fixed', batch_size=None, A_star=None, support=None, measure=True, "
        "rng=0, callback=None, progress=False, checkpoint=None, checkpoint_every=10, "
        "resume=False, engine='auto')"
    ),
    "unfolded_encode": (
        "(A, Y, lam, group_size, n_unfold, step_size=None, accelerated=True, "
        "nonnegative=False, l1=0.0, engine='auto')"
    ),
    "unfolded_loss_and_grad": (
        "(A, Y, lam, group_size, n_unfold, step_size=None, accelerated=True, "
        "nonnegative=False, l1=0.0, engine='auto')"
    ),
    "verify": (
        "(papers='all', quick=False, rng=0, n_jobs=1, progress=False, only=None, "
        "backend='loky', callback=None)"
    ),
    "weight_decay_threshold": "(lam, norm, group_size, probability)",
}
