"""The words and symbols of the house notation, and the LaTeX of each."""

import re

LETTERS = """
    alpha beta gamma delta zeta eta theta kappa mu nu xi pi rho sigma tau phi psi omega epsilon
    lambda Gamma Delta Theta Lambda Sigma Omega
""".split()
GREEK = {name: f"\\{name}" for name in LETTERS} | {"lam": "\\lambda", "eps": "\\varepsilon"}
GREEK |= {"calA": "\\mathcal{A}"}
LIMITS = {name: f"\\{name}" for name in ("sum", "max", "min", "sup", "inf", "limsup")}
FUNCTIONS = (
    {name: f"\\{name}" for name in ("log", "exp", "sin", "cos", "tan")}
    | {"log2": "\\log_2", "grad": "\\nabla"}
    | {
        name: f"\\operatorname{{{name}}}"
        for name in ("sgn", "diag", "blkdiag", "card", "dist", "trace", "tr", "prox", "ReLU")
    }
)
RELATIONS = {
    "<=": "\\le",
    ">=": "\\ge",
    "!=": "\\ne",
    "==": "=",
    "=": "=",
    "<": "<",
    ">": ">",
    "<~": "\\lesssim",
    "~": "\\sim",
    "->": "\\to",
    "=>": "\\Rightarrow",
}
OPERATORS = {"+": "+", "-": "-", "/": "/", "+-": "\\pm ", "!": "!", "\\": "\\setminus", "%": "\\%"}
LEFT = {"(": "(", "[": "[", "{": "\\{", "<": "\\langle ", "|": "\\lvert ", "||": "\\lVert "}
RIGHT = {")": ")", "]": "]", "}": "\\}", ">": "\\rangle ", "|": "\\rvert ", "||": "\\rVert "}
SUBSCRIPT_WORDS = {"max", "min", "in", "out", "lb", "ub", "new", "old", "star"}
# "A bound on ...": not the dictionary A
ARTICLE_BEFORE = set("bound constant misprint step large single group fixed run".split())
SPELLED = {"Du", "du", "dv", "dt", "dX", "dY", "tY"}
CALLED = {"trace", "dist", "card", "floor", "abs", "ReLU"}  # words unless a bracket follows at once
# Characters of house notation from which on a formula may be broken: at relations, at + and -.
SHORT = 28
LONG = 44

WORD = re.compile(
    r"(?:T21|N19|L23)-[\w-]+|(?<=Appendix )[A-Z]\b|[A-Z]\.\d|"
    r"[A-Za-z]+(?:-[A-Za-z]{2,})+(?:'s)?|[A-Za-z]{2,}'s\b|[A-Z]{1,2}\d+[a-z]?\b|[A-Za-z]+\d*"
)
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?|\.\d+")
QUOTATION = re.compile(r"“[^“”]*”|\[\.\.\.\]")  # the paper's own words, and words left out of them
CODE = re.compile(
    r"`[^`]+`|\w+='\w+'|gsae-ref [\w -]+|gsae_ref[\w.]*\w|\w+(?:\.\w+)+\(\)?|\w+_\w{4,}\b|'[^'\s]'"
)
SYMBOL = re.compile(r"\|\||<=|>=|!=|<~|->|=>|==|\+-|\.\.\.|[-+/=<>~!|()\[\]{},;:.^'\"%*?\\]")
