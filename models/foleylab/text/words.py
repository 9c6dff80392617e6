"""Free text -> known words. `src/stages/text-words.ts` does the same; `tests/text_golden.json` holds the two against each other."""
import re

LETTERS = re.compile(r"[a-z\u00c0-\u024f]+(?:-[a-z\u00c0-\u024f]+)*")
SHORTEST_STEM = 3


def words_of(text):
    """Lower-cased runs of Latin letters, hyphens inside kept."""
    return LETTERS.findall(text.lower())


def stems_of(word):
    """The word, then what it may be a form of: plurals, -ed, -ing; the likeliest first."""
    stems = [word]
    if word.endswith("ies"):
        stems.append(word[:-3] + "y")
    if word.endswith("es"):
        stems.append(word[:-2])
    if word.endswith("s"):
        stems.append(word[:-1])
    for ending in ("ing", "ed"):
        if word.endswith(ending):
            stem = word[: -len(ending)]
            stems += [stem, stem + "e"]
            if len(stem) > 1 and stem[-1] == stem[-2]:
                stems.append(stem[:-1])
    return [stems[0], *(s for s in stems[1:] if len(s) >= SHORTEST_STEM)]


def rows_of(text, table):
    """Text -> (rows of the words that `table` {word: row} knows, one a word and as often as it occurs; words it does not know).

    A word with hyphens that is not known whole counts as its parts.
    """
    rows, unknown = [], []
    for word in words_of(text):
        row = find(word, table)
        found = [row] if row is not None else [find(part, table) for part in word.split("-")]
        rows += [r for r in found if r is not None]
        if all(r is None for r in found):
            unknown.append(word)
    return rows, unknown


def find(word, table):
    """Row of the word or of the first of its stems that is known; None."""
    return next((table[s] for s in stems_of(word) if s in table), None)
