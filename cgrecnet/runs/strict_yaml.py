"""YAML that says what it means: a name stands once, and a short text stays a short value."""

from typing import Any

import yaml

#: Values that a text may stand for, aliases written out.
MOST = 100_000


class _Loader(yaml.SafeLoader):
    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if (key.tag, key.value) in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
                seen.add((key.tag, key.value))
        return node


def load_yaml(text: str) -> Any:
    """The value of a text; as `yaml.safe_load`, but a name that stands twice in one mapping is refused.

    Raises yaml.YAMLError, also for what is nested too deeply or is longer than `MOST` values, and ValueError for a date
    that does not exist.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _values(node, {}) > MOST:
            raise yaml.YAMLError(f"it stands for more than {MOST:,} values")
        return loader.construct_document(node)
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None
    finally:
        loader.dispose()


def _values(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for, each alias counted as what it repeats; one that repeats itself has no end."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = MOST + 1
        mapping = isinstance(node, yaml.MappingNode)
        children = [child for pair in node.value for child in pair] if mapping else node.value
        known[id(node)] = 1 + sum(_values(child, known) for child in children)
    return known[id(node)]


def complaint(error: Exception) -> str:
    """What is wrong, and in which line, as the end of a sentence; nothing where only the form is."""
    mark = getattr(error, "problem_mark", None)
    where = f", line {mark.line + 1}" if mark else ""
    if isinstance(error, yaml.constructor.ConstructorError) and "twice" in (error.problem or ""):
        return f"{where}: {error.problem}"
    return where if mark or not isinstance(error, yaml.YAMLError) else f": {str(error).splitlines()[0]}"
