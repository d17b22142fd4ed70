"""Measure: exclusive and shared bytes, groups, depth, and the tables of it and of compare."""

import collections
import json
import sys

import pytest
from sized import Node, Tree, flat, fresh

import weigh
from weigh import _sizes


def test_exclusive_and_shared():
    text = fresh("shared", 1000)
    rows = {"own": [fresh("own", 500)], "other": text}
    measured = weigh.measure(rows)
    own, other = (next(child for child in measured.children if name in child.name) for name in ("own", "other"))
    assert measured.gross == weigh.sizeof(rows)
    assert own.exclusive == own.gross == weigh.sizeof(rows["own"])
    assert (other.exclusive, other.shared) == (0, flat(text))
    assert measured.shared >= flat(text)
    del text
    assert next(child for child in weigh.measure(rows).children if "other" in child.name).exclusive == other.gross


def test_exclusive_is_what_goes():
    """Deleting a reference frees what measure said, by the count of the allocator."""
    with weigh.Tracker("goes.weigh", exact=True):
        for make in (
            lambda: [[fresh(f"{i}") for i in range(50)] for _ in range(200)],
            lambda: {f"key {i}": {j + 0.5: str(j) * 9 for j in range(20)} for i in range(300)},
            lambda: Tree(None, [Tree(None, fresh("x")) for _ in range(5000)]),
        ):
            holder = {"a": make(), "b": make()}
            expected = next(c for c in weigh.measure(holder).children if c.name == "['a']").exclusive
            before = weigh.live_bytes()
            holder["a"] = None
            gone = before - weigh.live_bytes()
            assert gone == pytest.approx(expected, abs=30_000)  # kept on free lists


def test_a_reference_back_to_the_parent_hides_nothing():
    root = Tree(None, "")
    for i in range(10):
        root.children.append(Tree(root, fresh(f"child {i} ")))
    measured = weigh.measure(root)
    assert measured.exclusive == measured.gross
    if sys.version_info < (3, 11):
        (measured,) = weigh.measure(root, 2).children
    children = next(child for child in measured.children if "children" in child.name)
    assert children.gross == weigh.sizeof(root)
    own = flat(root) + (flat(root.__dict__) if sys.version_info < (3, 11) else 0)
    assert children.exclusive == weigh.sizeof(root) - own


def test_many_references_make_groups():
    rows = [{"ident9": i + 5000, "text9": fresh(f"{i}", 20)} for i in range(500)]
    (group,) = weigh.measure(rows, 2).children
    assert (group.name, group.type, group.edges, group.count) == ("[*]", "dict", 500, 1500 + 2)
    fields = {child.name: child for child in group.children}
    assert {"['ident9']", "['text9']"} <= set(fields)
    assert fields["['text9']"].gross == sum(map(flat, (row["text9"] for row in rows)))
    assert fields["['text9']"].exclusive == fields["['text9']"].gross
    keyed = weigh.measure({i + 0.5: [] for i in range(300)})
    assert sorted((child.name, child.edges) for child in keyed.children) == [("(keys)", 300), ("[*]", 300)]


def test_names_of_references():
    Point = collections.namedtuple("Point", "x y")
    obj = {"point": Point([1], [2]), 7: [3], 2.5: [4], (1,): [5], None: [6], "zwei\nZeilen ä": [7]}
    names = {name for name, target in _sizes.references(obj) if isinstance(target, (list, tuple))}
    assert {"['point']", "[7]", "[2.5]", "[<tuple>]", "[None]", "['zwei?Zeilen ä']"} <= names
    assert [name for name, _ in _sizes.references(obj["point"])] == [".x", ".y"]
    assert [name for name, _ in _sizes.references(Tree([], "text"))] in (
        [".parent", ".children", ".text"],
        [".children", ".parent", ".text"],  # 3.14: the compiler sorts what it finds a class to set
        [".__dict__"],
    )
    node = Node()
    node.next, node.value = [1], [2]
    assert dict(_sizes.references(node)) == {".next": [1], ".value": [2]}


def test_depth():
    nested = {"a": {"b": {"c": [fresh("deep")]}}}
    assert weigh.measure(nested, 0).children == []
    level, names = weigh.measure(nested, 4), []
    while level.children:
        level = level.children[0]
        names.append(level.name)
    assert names == ["['a']", "['b']", "['c']", "[0]"]
    with pytest.raises(ValueError, match="depth"):
        weigh.measure(nested, -1)


def test_figures_fit_together():
    data = {"rows": [(i + 0.5, f"text {i}") for i in range(200)], "blob": bytes(5000)}
    measured = weigh.measure(data, 2)

    def check(node):
        assert node.tare + node.net == node.gross
        assert node.exclusive + node.shared == node.gross
        assert 0 <= node.exclusive <= node.gross
        assert node.flat <= node.gross
        for child in node.children:
            assert child.gross <= node.gross
            check(child)
        assert sum(child.exclusive for child in node.children) <= node.gross

    check(measured)
    assert measured.net >= 5000 + 200 * 8
    census = weigh.types(data)
    assert (census.gross, census.count, census.net) == (measured.gross, measured.count, measured.net)
    assert census["float"].count == 200
    assert sum(row.share for row in census) == pytest.approx(1)
    assert json.loads(json.dumps(measured.to_dict()))["gross"] == measured.gross
    assert json.loads(json.dumps(census.to_dict()))["types"][0]["type"] == census.rows[0].type


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_tables_fit(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    data = {f"a long name for a row {i}" * 3: [fresh("x"), i + 0.5] for i in range(30)}
    for text in (str(weigh.measure(data, 2)), str(weigh.types(data)), str(weigh.compare(data, [data]))):
        assert max(map(len, text.splitlines()[:-1])) <= width
    assert "more)" in str(weigh.measure(data, 2))


def test_html_is_escaped():
    html = weigh.measure({"<b>&": [fresh("x")]})._repr_html_()
    assert "&lt;b&gt;&amp;" in html and "<b>&" not in html
    assert weigh.types({"a": 1.5})._repr_html_().startswith("<table>")


def test_compare():
    text = fresh("common", 1000)
    a, b = [text, fresh("a", 100)], [text, fresh("b", 300)]
    compared = weigh.compare(a, b)
    assert compared.common == flat(text)
    assert compared.only_a == weigh.sizeof(a) - flat(text)
    assert compared.difference == weigh.sizeof(b) - weigh.sizeof(a)
    assert "Both lead to the same" in str(compared)
