"""The same in a trie, which has what addresses begin and end with once."""

import marisa_trie

COUNT = 200_000


def addresses():
    return (f"https://example.org/{i % 97}/article-{i * 7919}.html" for i in range(COUNT))


seen = marisa_trie.Trie(addresses())
print("https://example.org/1/article-7919.html" in seen, "https://example.org/" in seen)
