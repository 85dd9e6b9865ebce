"""T21 Section 4.2: the settings of the networks, and how much of the experiment is computed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any, NamedTuple

from .... import checks

DATA = ("mnist", "fashion-mnist", "digits")
SCREENED = 34  # epochs after which restarts are compared


class Setting(NamedTuple):
    """Settings of T21 Section 4.2, stated or not.

    Stated: 10 groups of 16 atoms, 15 encoder steps, thresholds 0.2 and 0.03, Adam with 1e-3, 300
    epochs. Not stated: that the steps are accelerated and of length 0.04, that the thresholds are
    those of one step, the size of a mini-batch, unit columns, centring, and that a sample counts as
    one of its neighbours, as in scikit-learn (in the authors' public code it does not).
    """

    n_groups: int = 10
    group_size: int = 16
    n_unfold: int = 15
    unfold_step: float = 0.04
    group_threshold: float = 0.2
    sparse_threshold: float = 0.03
    step_size: float = 1e-3
    n_epochs: int = 300
    batch_size: int = 128
    n_neighbors: int = 1000

    def shape(self, network: str) -> tuple[int, int, float]:
        """Number of groups, atoms in a group, and lam of a network.

        The sparse network has groups of one atom. The threshold of one step is step * lam.

        >>> Setting().shape("group"), Setting().shape("sparse")
        ((10, 16, 5.0), (160, 1, 0.75))
        """
        if network == "group":
            return self.n_groups, self.group_size, self.group_threshold / self.unfold_step
        return self.n_groups * self.group_size, 1, self.sparse_threshold / self.unfold_step


DIGITS = Setting(
    group_size=4,
    group_threshold=0.05,
    sparse_threshold=0.01,
    step_size=1e-2,
    n_epochs=60,
    n_neighbors=50,
)


@dataclass(frozen=True)
class Sizes:
    """How much is computed.

    Attributes
    ----------
    data : {"mnist", "fashion-mnist", "digits"}
    source : str or None
        Where the files of the data set are, as for :func:`gsae_ref.load_mnist`.
    n_train, n_test : int or None
        Only so many images, the first; None: all.
    restarts : int
        Trainings of the group-sparse network, one of which is kept.
    setting : Setting
    """

    data: str
    source: Any
    n_train: int | None
    n_test: int | None
    restarts: int
    setting: Setting

    @classmethod
    def resolve(
        cls,
        quick: bool = False,
        data: str | None = None,
        source: Any = None,
        epochs: int | None = None,
        restarts: int | None = None,
        batch_size: int | None = None,
        setting: Setting | None = None,
        n_train: int | None = None,
        n_test: int | None = None,
    ) -> Sizes:
        """The sizes given; where they are not given, small ones with ``quick``, else the paper's.

        Raises
        ------
        TypeError, ValueError
            For unknown data, and counts below 1.
        """
        default = "digits" if quick else "mnist"
        data = checks.option("data", default if data is None else data, DATA)
        setting = setting or (DIGITS if data == "digits" else Setting())
        if quick and data != "digits":
            n_train = 6000 if n_train is None else n_train
            n_test = 2000 if n_test is None else n_test
            epochs = 2 if epochs is None else epochs
            restarts = 1 if restarts is None else restarts
            setting = setting._replace(n_neighbors=n_test // 10)
        if batch_size is not None:
            setting = setting._replace(batch_size=checks.count("batch_size", batch_size))
        if epochs is not None:
            setting = setting._replace(n_epochs=checks.count("epochs", epochs))
        restarts = checks.count("restarts", (2 if quick else 8) if restarts is None else restarts)
        return cls(data, source, n_train, n_test, restarts, setting)

    @property
    def screening_epochs(self) -> int:
        """Epochs after which restarts are compared."""
        return min(SCREENED, self.setting.n_epochs)

    @property
    def settles_claims(self) -> bool:
        """Whether the paper's claims can be judged: all of MNIST, and enough epochs."""
        everything = self.n_train is None and self.n_test is None
        return self.data == "mnist" and everything and self.setting.n_epochs >= SCREENED

    def titled(self, title: str) -> str:
        """The title of a study on these data, which says so where they are not all of MNIST."""
        if self.data != "mnist":
            return f"{title}; computed on {self.data}, not MNIST"
        if self.n_train or self.n_test:
            return f"{title} (reduced size)"
        return title

    def recipe(self) -> dict[str, Any]:
        """The settings as they are reported."""
        return {
            **self.setting._asdict(),
            "data": self.data,
            "training images": self.n_train or "all",
            "test images": self.n_test or "all",
            "restarts": self.restarts,
        }


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of the experiments that train these networks."""
    parser.add_argument(
        "--data", choices=DATA, help="data set (default mnist, with --quick digits)"
    )
    parser.add_argument(
        "--source",
        metavar="PATH",
        help="folder or .npz archive of the data (default: the usual places, else a download)",
    )
    parser.add_argument("--epochs", type=int, help="epochs of training (300 in the paper)")
    parser.add_argument(
        "--restarts",
        type=int,
        help="trainings of the group-sparse network, compared after at most "
        f"{SCREENED} epochs; one of them is kept (default 8)",
    )
    parser.add_argument(
        "--batch-size",
        type=int,
        help="samples in a mini-batch (not stated in the paper; default 128)",
    )
