"""What a key of the spec may hold, how it is read, and what its JSON Schema is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from dbprov.spec.values import shown

if TYPE_CHECKING:
    from dbprov.spec.values import Node, Reading

LINE_BREAKS = r"[\u0000-\u001f\u007f-\u009f\u2028\u2029]"
LINE = {"type": "string", "minLength": 1, "not": {"pattern": LINE_BREAKS}}


class Key(str):
    """The name of one key of the spec, with all that dbprov knows of it. It is declared once.

    ``sentence`` is the help of its flag, its line in the reference page, and the beginning of its
    description in the JSON Schema; ``more`` follows in the latter two. ``default`` is shown, and
    not applied. ``engine``: the only one that knows the key. ``flag``: the name of its flag without
    ``--``, where it is not the key's own; None: it has none. ``former_flag``: still taken, hidden.
    """

    type: Type
    sentence: str
    more: str
    default: str
    engine: str
    example: str
    flag: str | None
    former_flag: str
    right: str

    def __new__(
        cls,
        name: str,
        type: Type,
        sentence: str,
        *,
        more: str = "",
        default: str = "",
        engine: str = "",
        example: str = "",
        flag: str | None = "",
        former_flag: str = "",
        right: str = "",
    ) -> Key:
        made = super().__new__(cls, name)
        made.type, made.sentence, made.more, made.default = type, sentence, more, default
        made.engine, made.example, made.former_flag = engine, example, former_flag
        made.flag = name.replace("_", "-") if flag == "" else flag
        made.right = right or (f"{name}: {example}" if example else "")
        return made

    @property
    def help(self) -> str:
        """The help of its flag."""
        engine = {"": "", "postgresql": "PostgreSQL: ", "mysql": "MySQL: "}[self.engine]
        default = f" Default: {self.default}." if self.default else ""
        sentence = self.sentence[0].lower() + self.sentence[1:] if engine else self.sentence
        return f"{engine}{sentence}{default}"

    @property
    def description(self) -> str:
        return f"{self.help} {self.more}".rstrip()

    def read(self, values: Reading, keys: dict[str, Node]) -> Any:
        """The value in ``keys``, or None where it is absent or, after a Mistake, wrong."""
        node = keys.get(self)
        return None if node is None else self.type.read(values, node, self)


class Type(Struct, frozen=True):
    """What a value may be. ``words`` says it in the reference page."""

    @property
    def words(self) -> str:
        raise NotImplementedError

    def read(self, values: Reading, node: Node, key: Key) -> Any:
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        raise NotImplementedError


class Text(Type, frozen=True):
    """One line of text. What does not match ``pattern`` whole is reported as ``wrong``.

    ``editors``: of the JSON Schema, where code checks what no pattern of Python does.
    """

    what: str = "text"
    pattern: str = ""
    wrong: str = ""
    editors: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return self.what

    def read(self, values: Reading, node: Node, key: Key) -> str | None:
        text = values.text(node, key.right)
        if text is not None and self.pattern and not re.fullmatch(self.pattern, text):
            values.wrong(node, self.wrong.format(shown=shown(node)), key.right)
        return text

    def schema(self) -> dict[str, Any]:
        pattern = {"pattern": f"^({self.pattern})$"} if self.pattern else {}
        return {**LINE, **pattern, **self.editors}


class Choice(Type, frozen=True):
    choices: tuple[str, ...]

    @property
    def words(self) -> str:
        return ", ".join(f"`{one}`" for one in self.choices)

    def read(self, values: Reading, node: Node, key: Key) -> str | None:
        return values.one_of(node, self.choices)

    def schema(self) -> dict[str, Any]:
        return {"enum": [str(one) for one in self.choices]}


class Boolean(Type, frozen=True):
    @property
    def words(self) -> str:
        return "`true` or `false`"

    def read(self, values: Reading, node: Node, key: Key) -> bool | None:
        return values.boolean(node)

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Only(Type, frozen=True):
    """True or false, of which only one says something."""

    value: bool

    @property
    def words(self) -> str:
        return f"`{str(self.value).lower()}`"

    def read(self, values: Reading, node: Node, key: Key) -> bool | None:
        if node.value is self.value:
            return bool(node.value)
        if isinstance(node.value, bool) or node.hidden:
            values.wrong(node, f"{key} is not {str(self.value).lower()}", key.right)
        else:
            values.boolean(node)
        return None

    def schema(self) -> dict[str, Any]:
        return {"enum": [self.value]}


class Number(Type, frozen=True):
    least: int
    most: int

    @property
    def words(self) -> str:
        return f"a number from {self.least} to {self.most}"

    def read(self, values: Reading, node: Node, key: Key) -> int | None:
        return values.number(node, self.least, self.most)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class ListOf(Type, frozen=True):
    """A list that is not empty. It is read as its nodes; of text, as a tuple.

    ``distinct``: it names nothing twice.
    """

    what: str
    item: Type
    distinct: bool = False

    @property
    def words(self) -> str:
        return f"a list of {self.what}"

    def read(self, values: Reading, node: Node, key: Key) -> Any:
        nodes = values.listed(node, key.right)
        if isinstance(node.value, list):
            if not nodes:
                values.wrong(node, f"{key} is empty", key.right)
            listed = [one.value for one in nodes if isinstance(one.value, str)]
            if self.distinct and len(set(listed)) < len(listed):
                values.wrong(node, f"{key} has a name twice", key.right)
        if not isinstance(self.item, Text):
            return nodes
        words = [self.item.read(values, one, key) for one in nodes]
        return tuple(word for word in words if word)

    def schema(self) -> dict[str, Any]:
        distinct = {"uniqueItems": True} if self.distinct else {}
        return {"type": "array", "minItems": 1, "items": self.item.schema(), **distinct}


class Mapping(Type, frozen=True):
    """Keys, of which some are required. ``name``: of its definition in the JSON Schema."""

    name: str
    keys: tuple[Key, ...]
    required: tuple[Key, ...] = ()

    @property
    def words(self) -> str:
        return f"the keys of [{self.name}](#{self.name})"

    def read(self, values: Reading, node: Node, key: Key) -> dict[str, Node]:
        return values.mapping(node, self)

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.name}"}

    def whole(self) -> dict[str, Any]:
        """Its definition."""
        properties = {
            key: {"description": key.description, **self._nullable(key)} for key in self.keys
        }
        required = {"required": list(self.required)} if self.required else {}
        closed = {"type": "object", "additionalProperties": False}
        return {**closed, **required, "properties": properties}

    def _nullable(self, key: Key) -> dict[str, Any]:
        """A key that nobody requires may be there with nothing behind it."""
        schema = key.type.schema()
        if key in self.required:
            return schema
        return {"anyOf": [schema, {"type": "null"}]}
