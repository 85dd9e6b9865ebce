"""The kernels in pytest-benchmark, beside the reference and its rivals: see README.md here."""
