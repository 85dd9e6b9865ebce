"""The error of an iteration that diverges."""


class DivergenceError(FloatingPointError):
    """Raised when an iteration diverges; the message names the step, the quantity and a remedy.

    It is raised by training, by the paths of the diagonally grouped networks, and where their flow
    cannot be integrated. It is a :class:`FloatingPointError`, and so an :class:`ArithmeticError`.

    Examples
    --------
    >>> DivergenceError.__mro__[1:3]
    (<class 'FloatingPointError'>, <class 'ArithmeticError'>)
    """
