r"""LaTeX mathematics cut into tokens, and the commands that are understood; what they mean together is not known here."""

import re

from neuronnet.errors import ExpressionError

_TOKEN = re.compile(r"\\(?P<command>[A-Za-z]+)\*?|\\(?P<sign>\\(?:\[[0-9.]{1,9} ?[a-z]{2}\])?|.)"
                    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)"
                    r"|(?P<word>[^\W\d_]+\d*)|(?P<space>[\s~&$]+|%[^\n]*)|(?P<other>.)", re.DOTALL)
_ENVIRONMENT = re.compile(r"\s*\{[A-Za-z]{1,20}\*?\}(?:\{\d{1,2}\})?")
_BRACED = re.compile(r"\s*\{(?:[^{}]|\{[^{}]{0,200}\}){0,400}\}")

WRITTEN = {"cdot": "*", "times": "*", "ast": "*", "div": "/", "approx": "=", "simeq": "=", "cong": "=", "equiv": "=",
           "doteq": "=",
           "coloneqq": "=", "to": "=", "rightarrow": "=", "gets": "=", "leftarrow": "=", "prime": "'",
           "colon": ":", "partial": "∂",
           "Delta": "Δ", "delta": "δ", "eta": "η", "sigma": "σ", "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]",
           "lparen": "(", "rparen": ")"}
NAMED = {"alpha", "beta", "gamma", "epsilon", "varepsilon", "zeta", "theta", "kappa", "lambda", "mu", "nu", "xi", "rho",
         "tau", "phi", "varphi", "chi", "psi", "omega"}
FUNCTIONS = {"exp", "ln", "log", "tanh", "max"}
FRACTIONS = {"frac", "dfrac", "tfrac", "cfrac"}
FONTS = {"text", "mathrm", "operatorname", "mathit", "mathbf", "mathsf", "mathtt", "textrm", "textit", "textbf", "texttt",
         "mathop", "boxed", "boldsymbol", "bm"}
SPACES = {"quad", "qquad", "thinspace", "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr",
          "biggl", "biggr", "Biggl", "Biggr", "displaystyle", "textstyle", "limits", "nonumber", "notag"}
_DROPPED = {"begin": _ENVIRONMENT, "end": _ENVIRONMENT, **dict.fromkeys(("tag", "label", "intertext", "hspace"), _BRACED)}
WRITTEN_OUT = {"sum", "prod", "Sigma", "ldots", "dots", "cdots"}


def tokens(text):
    """(kind, text, column) of each token; the end's kind is None."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        kind, start, position = match.lastgroup, position, match.end()
        dropped = _DROPPED.get(match["command"])
        if dropped is not None:
            skipped = dropped.match(text, position)
            if skipped is None:
                raise ExpressionError(text, start + 1, f"\\{match['command']} without its argument in braces")
            position = skipped.end()
        else:
            yield kind, match[kind], start + 1
    yield None, "", len(text) + 1
