"""Numbers into a page's prose, what the prose says of them, and the code that the page is about.

A person writes the sentences, in Markdown; `tell` gives them their numbers, and `holds` asserts what they say.
"""

import inspect
import os
from enum import Enum
from textwrap import dedent

from IPython.display import Markdown, display
from myst_nb import glue

from cgrecnet.errors import RunError

#: The variable that makes a sentence which does not hold an error; CI sets it.
STRICT = "CGRECNET_STRICT"


def tell(**values: object) -> None:
    """Give the page's prose its numbers: `{glue:text}` with a name, and a format such as `:.1f`, shows one."""
    for name, value in values.items():
        # What the value prints as is shown: NumPy's and torch's numbers print as `np.float64(1.0)`, words of an
        # enumeration as `<Outcome.UNDECIDED: 'undecided'>`.
        if getattr(value, "ndim", None) == 0:
            value = value.item()
        glue(name, str(value) if isinstance(value, Enum) else value, display=False)


def holds(sentence: str, condition: bool) -> None:
    """Assert what a sentence of the page says of its records.

    sentence: quoted word for word from the page's Markdown, a caption or an alternative text, so much of it that it
    stands there once (five words at least), with `...` for each role such as `{glue:text}`; the build refuses others.
    Where it does not hold, the records are not those that the page was written for: in CI that is a RunError, so that
    a person rewrites the sentence; a reader with records of their own sees a note beside it (so the cell's tag is
    `remove-input`, which leaves its output).
    """
    if condition:
        return
    if os.environ.get(STRICT):
        raise RunError(f"The page says {sentence!r}, and its records do not: rewrite that sentence.")
    display(Markdown(f":::{{note}}\nWritten for other records; these do not bear out: \"{sentence}\"\n:::"))


def show_code(*parts: object) -> Markdown:
    """The source of functions, methods or classes of the package, as the page's reader sees it."""
    sources = (dedent(inspect.getsource(part)).rstrip() for part in parts)
    return Markdown("```python\n" + "\n\n".join(sources) + "\n```")
