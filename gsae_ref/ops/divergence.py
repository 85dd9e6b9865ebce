"""What is raised when a computation that goes step by step leaves the finite numbers."""


class DivergenceError(FloatingPointError):
    """A run or a path left the finite numbers; the message says when, what, and the remedy.

    Raised by every training, by the paths of the diagonally grouped networks, and where their flow
    cannot be followed. It is a
    :class:`FloatingPointError`, and so an :class:`ArithmeticError`.

    Examples
    --------
    >>> issubclass(DivergenceError, FloatingPointError) and issubclass(DivergenceError, ArithmeticError)
    True
    """
